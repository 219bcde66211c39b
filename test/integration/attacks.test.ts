import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { decodedMs, listen, makeAudio, SOURCES } from '../support/audio.ts'
import { coverOf, ffconcatOf, hlsOf, silentFlac, silentWav, withId3 } from '../support/attack-files.ts'
import { FFMPEG, FFPROBE } from '../support/ffmpeg-paths.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'
import { startService } from '../support/service.ts'
import { contentsOf, leavingNothing, objectsOf } from '../support/stores.ts'
import { carelessly, fooledProbe, looseTool, measuredTool, peakMegabytes } from '../support/tools.ts'

// Each test runs an attack twice: with the plain command, where it must succeed, and through the program.
const SECRET_MS = 3000
const SONG_MS = 1000
let folder: Awaited<ReturnType<typeof makeDataDir>>
/** Its tools allow more than they should. */
let program: Program
/** Its ffprobe takes everything for music, so that only FFmpeg itself is left to withstand. */
let fooled: Program
let api: Api
let song: Buffer<ArrayBuffer>

const at = (name: string) => path.join(folder.path, name)

beforeAll(async () => {
  folder = await makeDataDir()
  await makeAudio(at('secret.mp3'), { seconds: SECRET_MS / 1000, flags: SOURCES.mp3 })
  await makeAudio(at('song.mp3'), { seconds: SONG_MS / 1000, flags: SOURCES.mp3 })
  song = await readFile(at('song.mp3'))
  const FFMPEG_PATH = await looseTool(at('loose-ffmpeg'), FFMPEG, at('secret.mp3'))
  const FFPROBE_PATH = await looseTool(at('loose-ffprobe'), FFPROBE, at('secret.mp3'))
  program = await startProgram({ dataDir: at('data'), env: { FFMPEG_PATH, FFPROBE_PATH } })
  const deceived = await fooledProbe(at('fooled-ffprobe'), at('song.mp3'))
  fooled = await startProgram({ dataDir: at('fooled'), env: { FFMPEG_PATH, FFPROBE_PATH: deceived } })
  api = createApi(program.url)
})
afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await fooled[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** FFmpeg as it is called where nobody thinks of attacks. Gives the milliseconds of sound that came out. */
async function convertCarelessly(source: string, ...flags: string[]): Promise<number> {
  await carelessly(folder.path, [FFMPEG, '-v', 'error', '-y', '-i', source, ...flags, 'out.wav'])
  return decodedMs(at('out.wav'))
}

/** What ffprobe believes of a file. */
async function believed(name: string, bytes: Buffer): Promise<Record<string, unknown>> {
  await writeFile(at(name), bytes)
  const shown = 'stream=sample_rate,channels:format=duration'
  const command = [FFPROBE, '-v', 'error', '-of', 'json', '-show_entries', shown, name]
  const { stdout } = await carelessly(folder.path, command)
  const { streams, format } = JSON.parse(stdout) as { streams: [object]; format: object }
  return { ...streams[0], ...format }
}

async function isRefused(name: string, bytes: Buffer<ArrayBuffer>, code: string): Promise<void> {
  await leavingNothing(program, at('data'), async () => {
    const { id } = await api.createUpload(name, bytes.length)
    await json(await api.putPart(id, 1, bytes))
    expect(await problem(await api.complete(id))).toMatchObject({ httpStatus: 422, code })
    expect((await api.findUpload(id)).state).toBe('failed')
  })
  expect(await workFiles('data')).toEqual([])
}

/** The job fails, and there is nothing of it but what FFmpeg said. */
async function isNotConverted(bytes: Buffer<ArrayBuffer>): Promise<void> {
  const its = createApi(fooled.url)
  const { id } = await its.convert(await its.upload('music.mp3', bytes), 'wav')
  const seen = await its.follow(id, ({ state }) => state !== 'queued' && state !== 'running')
  expect(seen.at(-1)).toMatchObject({ state: 'failed', error: { code: 'conversion-failed' } })
  expect((await its.call(`jobs/${id}/result`)).status).toBe(409)
  const { keys } = await contentsOf(await objectsOf(fooled, at('fooled')))
  expect(keys.filter((key) => key.includes(id) && !key.endsWith('.log'))).toEqual([])
  expect(await workFiles('fooled')).toEqual([])
}

/** What is in the folders that jobs and looks at uploads work in. */
async function workFiles(dataDir: string): Promise<string[]> {
  const all = await readdir(at(`${dataDir}/tmp`), { recursive: true })
  return all.filter((name) => name.includes(path.sep))
}

const near = (ms: number) => expect.closeTo(ms, -2) as number

test('a playlist named .mp3 does not read a file of the server', async () => {
  // Of local segments FFmpeg 5.1.9 takes those whose extension fits what is in them, by any path: a secret MP3, not a WAV.
  const attack = hlsOf(at('secret.mp3'))
  // Newer ones take a text for a playlist only where it is called one, which an upload may be.
  await writeFile(at('hls.m3u8'), attack)
  expect(await convertCarelessly('hls.m3u8')).toEqual(near(SECRET_MS))
  for (const name of ['music.mp3', 'music.m3u8']) await isRefused(name, attack, 'not-audio')
  await isNotConverted(attack)
})

test('an ffconcat script named .mp3 does not read a file beside it', async () => {
  // Absolute paths and URLs are "unsafe" to FFmpeg, and names in the same folder are not.
  const attack = ffconcatOf('secret.mp3')
  await writeFile(at('concat.mp3'), attack)
  expect(await convertCarelessly('concat.mp3')).toEqual(near(SECRET_MS))
  await isRefused('music.mp3', attack, 'not-audio')
  await isNotConverted(attack)
})

test('a playlist named .mp3 calls no internal address', async () => {
  await using inside = await startInternalServer()
  const attack = hlsOf(`${inside.url}/internal.mp3`)
  inside.serve('/upload.m3u8', attack)
  // From a local file FFmpeg 5.1.9 follows no URL; from a URL, as of a presigned upload, it follows every one.
  expect(await convertCarelessly(`${inside.url}/upload.m3u8`)).toEqual(near(SECRET_MS))
  expect(inside.asked()).toContain('/internal.mp3')
  const before = inside.asked().length
  await isRefused('music.mp3', attack, 'not-audio')
  await isNotConverted(attack)
  expect(inside.asked().length).toBe(before)
})

/** A server that only this machine reaches. It gives the secret to whoever asks. */
async function startInternalServer() {
  const [asked, served] = [[] as string[], new Map<string, Buffer>()]
  const secret = await readFile(at('secret.mp3'))
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    response.end(served.get(url) ?? secret)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve: (url: string, bytes: Buffer) => served.set(url, bytes),
    asked: () => asked,
    [Symbol.asyncDispose]: close,
  }
}

test('a WAV of 1 Hz, of which each sample becomes a second, is refused', async () => {
  const attack = silentWav({ rateHz: 1, channels: 1, frames: 100 * 3600 })
  expect(await believed('hertz.wav', attack)).toMatchObject({ sample_rate: '1', duration: '360000.000000' })
  await carelessly(folder.path, [FFMPEG, '-y', '-i', 'hertz.wav', '-ar', '48000', '-t', '2', 'out.wav'])
  expect((await readFile(at('out.wav'))).length).toBeGreaterThan(2 * 48_000 * 2) // of four bytes
  await isRefused('music.wav', silentWav({ rateHz: 1, channels: 1, frames: 10 }), 'unsupported-sample-rate')
})

test('a WAV of 64 channels is refused', async () => {
  const attack = silentWav({ rateHz: 48_000, channels: 64, frames: 4800 })
  expect(await believed('channels.wav', attack)).toMatchObject({ channels: 64 })
  await isRefused('music.wav', attack, 'too-many-channels')
})

test.each([
  ['that it has', 100 * 3600],
  ['that it only claims', 10],
])('a small FLAC of a hundred hours %s is refused', async (_, seconds) => {
  const attack = silentFlac({ seconds, claimedSeconds: 100 * 3600 })
  expect(attack.length).toBeLessThan(1_000_000)
  expect(await believed('hours.flac', attack)).toMatchObject({ duration: '360000.000000' })
  await isRefused('music.flac', attack, 'too-long')
})

test('a FLAC that is far longer than it claims is converted up to the longest that is taken', async () => {
  const attack = silentFlac({ seconds: 600, claimedSeconds: 1 })
  expect(await believed('liar.flac', attack)).toMatchObject({ duration: '1.000000' })
  expect(await convertCarelessly('liar.flac')).toBeGreaterThanOrEqual(600_000)
  expect((await readFile(at('out.wav'))).length).toBeGreaterThan(9000 * attack.length)

  await using short = await startService({ MAX_DURATION_MS: '5000' })
  const its = createApi(short.url)
  const { id } = await its.convert(await its.upload('liar.flac', attack), 'wav')
  await its.done(id)
  expect(await its.findJob(id)).toMatchObject({ result: { durationMs: 5000 } })
  expect((await its.findJob(id)).warnings?.join()).toContain('it should last 1.00 s')
})

const NAMES: [string, string][] = [
  ['-i.wav', '-i.flac'],
  ['-y', '-y.flac'],
  ['--help.mp3', '--help.flac'],
  ['pipe:0.mp3', 'pipe:0.flac'],
  ['http:evil.mp3', 'http:evil.flac'],
  ['concat:secret.mp3|b.mp3', 'concat:secret.mp3|b.flac'],
  ['; rm -rf x.mp3', '; rm -rf x.flac'],
  ['$(touch x).mp3', '$(touch x).flac'],
  ['%d.wav', '%d.flac'],
  ['a\n"b" \'c\'.mp3', 'a_"b" \'c\'.flac'],
]

test('names that are arguments, protocols or commands elsewhere are only names', async () => {
  await writeFile(at('concat:secret.mp3'), song)
  expect(await convertCarelessly('concat:secret.mp3')).toEqual(near(SECRET_MS)) // not of the file of that name
  await writeFile(at('-i.wav'), song)
  expect((await carelessly(folder.path, [FFPROBE, '-i.wav'])).code).toBe(1)
  await writeFile(at('x.mp3'), song)
  await carelessly(folder.path, ['sh', '-c', 'ffmpeg -i ; rm -rf x.mp3 out.wav'])
  expect(await readdir(folder.path)).not.toContain('x.mp3')

  for (const [given, made] of NAMES) {
    const job = await api.convert(await api.upload(given, song), 'flac')
    expect(job.name).toBe(made)
    await api.done(job.id)
    await writeFile(at('made.flac'), await api.result(job.id))
    expect(await listen(at('made.flac'))).toMatchObject({ codec: 'flac', channels: 2 })
    expect(await decodedMs(at('made.flac'))).toEqual(near(SONG_MS))
  }
  expect(await workFiles('data')).toEqual([])
})

test('a cover of 256 million pixels, or of more than there can be, costs no memory and no job', async () => {
  const [huge, absurd] = [16_000, 65_535].map((side) => withId3('APIC', coverOf(side), song))
  const naive = await measuredTool(at('naive-ffmpeg'), FFMPEG, at('naive.log'))
  await writeFile(at('huge.mp3'), huge ?? '')
  await carelessly(folder.path, [naive, '-y', '-i', 'huge.mp3', 'out.flac'])
  expect(peakMegabytes(await readFile(at('naive.log'), 'utf8'))).toBeGreaterThan(900)
  await writeFile(at('absurd.mp3'), absurd ?? '')
  const failed = await carelessly(folder.path, [FFMPEG, '-y', '-i', 'absurd.mp3', 'out.flac'])
  expect(failed.code).toBeGreaterThan(0)

  const FFMPEG_PATH = await measuredTool(at('our-ffmpeg'), FFMPEG, at('our.log'))
  const FFPROBE_PATH = await measuredTool(at('our-ffprobe'), FFPROBE, at('our.log'))
  await using measured = await startService({ FFMPEG_PATH, FFPROBE_PATH })
  const its = createApi(measured.url)
  for (const bytes of [huge, absurd]) {
    const { id } = await its.convert(await its.upload('covered.mp3', bytes ?? song), 'flac')
    await its.done(id)
    expect((await its.findJob(id)).result?.durationMs).toEqual(near(SONG_MS))
  }
  expect(peakMegabytes(await readFile(at('our.log'), 'utf8'))).toBeLessThan(300)
})

test('a title of megabytes, of which ffprobe makes six times as many, is refused and not kept in memory', async () => {
  // UTF-8, and control characters of which each is written as \u0001
  const attack = withId3('TIT2', Buffer.from(`\x03${'\x01'.repeat(2_000_000)}`), song)
  await writeFile(at('title.mp3'), attack)
  const { stdout } = await carelessly(folder.path, [FFPROBE, '-of', 'json', '-show_format', 'title.mp3'])
  expect(stdout.length).toBeGreaterThan(5 * attack.length)
  await isRefused('music.mp3', attack, 'not-audio')
})
