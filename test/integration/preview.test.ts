import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { problem } from '../support/api.ts'
import { FFPROBE } from '../support/ffmpeg-paths.ts'
import { decoded, digestsOf, makeSounds } from '../support/sound.ts'
import { contentsOf } from '../support/stores.ts'
import { openStudio, type Studio } from '../support/studio.ts'
import { tone } from '../support/take.ts'
import { readTagged } from '../support/tagged.ts'

const run = promisify(execFile)
let studio: Studio
beforeAll(async () => {
  studio = await openStudio()
})
afterAll(() => studio[Symbol.asyncDispose]())

const SECONDS = 1
const voices = [tone(300, 0.4), tone(500, 0.3)]

/** As a client does that follows `Retry-After`. */
async function ask(of: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const answer = await studio.api.call(`${of}/preview`, init)
    if (answer.status !== 202) return answer
    expect([answer.headers.get('retry-after'), await answer.json()]).toEqual(['2', { state: 'making' }])
  }
}

/** Fetches a preview into a file; gives where. */
async function fetched(of: string): Promise<string> {
  const file = studio.at(`${of.replace('/', '-')}.flac`)
  await writeFile(file, Buffer.from(await (await ask(of)).arrayBuffer()))
  return file
}

type Stream = { codec_name: string; sample_rate: string; channels: number; bits_per_raw_sample: string }

async function streamsOf(file: string) {
  const entries = 'stream=codec_name,sample_rate,channels,bits_per_raw_sample'
  const { stdout } = await run(FFPROBE, ['-v', 'error', '-show_entries', entries, '-of', 'json', file])
  return (JSON.parse(stdout) as { streams: Stream[] }).streams.map((stream) => ({
    ...{ codec: stream.codec_name, rateHz: Number(stream.sample_rate) },
    ...{ channels: stream.channels, bits: Number(stream.bits_per_raw_sample) },
  }))
}

/** Sources that some browser cannot play, with what FLAC has to have for them. */
const LOSSLESS: [name: string, flags: string[], rateHz: number, bits: number][] = [
  ['a.aiff', ['-c:a', 'pcm_s16be'], 44_100, 16],
  ['deep.aiff', ['-c:a', 'pcm_s24be'], 96_000, 24],
  ['a.wv', ['-c:a', 'wavpack', '-sample_fmt', 's16p'], 44_100, 16],
  ['deep.m4a', ['-c:a', 'alac', '-sample_fmt', 's32p'], 48_000, 24],
  ['eight.wav', ['-c:a', 'pcm_u8'], 8000, 16],
  ['fast.wav', ['-c:a', 'pcm_s24le'], 192_000, 24],
]

test.each(LOSSLESS)('of %s every sample is in the preview', async (name, flags, rateHz, bits) => {
  const id = await studio.take(name, { seconds: SECONDS, voices, rateHz, flags })
  const file = await fetched(`uploads/${id}`)
  const [source, preview] = await digestsOf([studio.at(name), file])
  expect(preview).toBe(source)
  expect(await streamsOf(file)).toEqual([{ codec: 'flac', rateHz, channels: 2, bits }])
})

test.each([
  ['a.ac3', ['-c:a', 'ac3']],
  ['a.wma', ['-c:a', 'wmav2']],
  ['a.mp3', ['-c:a', 'libmp3lame']],
])('a lossy source (%s) is previewed with 16 bits', async (name, flags) => {
  const id = await studio.take(name, { seconds: SECONDS, voices, rateHz: 48_000, flags })
  const file = await fetched(`uploads/${id}`)
  expect(await streamsOf(file)).toEqual([{ codec: 'flac', rateHz: 48_000, channels: 2, bits: 16 }])
  const [of, sound] = [await decoded(studio.at(name)), await decoded(file)]
  expect(sound.channels[0]?.length).toBe(of.channels[0]?.length)
  const off = sound.channels[0]?.map((sample, at) => Math.abs(sample - (of.channels[0]?.[at] ?? 0))) ?? []
  expect(Math.max(...off)).toBeLessThan(2 / 2 ** 15) // rounded to 16 bits, with dither
})

test.each([
  ['5.1', 6],
  ['7.1', 8],
  ['hexadecagonal', 8],
])('channels of %s are there, up to as many as FLAC has', async (layout, expected) => {
  const file = studio.at(`${layout}.wav`)
  const sample = (frame: number, channel: number) => tone(200 + 50 * channel, 0.1)(frame / 44_100)
  await makeSounds([{ file, rateHz: 44_100, layout, frames: 44_100, flags: [], sample }])
  const id = await studio.api.upload('many.wav', await readFile(file))
  const [stream] = await streamsOf(await fetched(`uploads/${id}`))
  expect(stream?.channels).toBe(expected)
})

test('a preview of a result is what the result sounds like, with no tags and no cover', async () => {
  const uploadId = await studio.api.upload('a.flac', await readFile(await studio.tagged('a.flac')))
  const { job, file } = await studio.make({ uploadId, format: 'alac', options: { tempo: 2 } })
  const preview = await fetched(`jobs/${job.id}`)
  const [result, heard] = await digestsOf([file, preview])
  expect(heard).toBe(result)
  const { tags, cover, chapters } = await readTagged(preview)
  expect([Object.keys(tags), cover, chapters]).toEqual([['encoder'], undefined, []])
})

test('it is served in ranges, by name, made once, and kept beside the sound until that goes', async () => {
  const id = await studio.take('song.aiff', { seconds: SECONDS, voices })
  const of = `uploads/${id}`
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(of)))
  const [whole, ...others] = await Promise.all(
    answers.map(async (answer) => Buffer.from(await answer.arrayBuffer())),
  )
  for (const other of others) expect(other).toEqual(whole)
  const head = await ask(of, { method: 'HEAD' })
  expect(Object.fromEntries(head.headers)).toMatchObject({
    'content-type': 'audio/flac',
    'content-length': `${whole?.length}`,
    'content-disposition': 'attachment; filename=song.flac',
    'accept-ranges': 'bytes',
  })
  const part = await ask(of, { headers: { range: 'bytes=100-199' } })
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${whole?.length}`])
  expect(Buffer.from(await part.arrayBuffer())).toEqual(whole?.subarray(100, 200))
  expect((await ask(of, { headers: { 'if-none-match': head.headers.get('etag') ?? '' } })).status).toBe(304)
  const keys = async () => (await contentsOf(studio.stores)).keys.filter((key) => key.includes(id))
  expect(await keys()).toEqual([`uploads/${id}/preview.flac`, `uploads/${id}/source`])
  await studio.api.call(of, { method: 'DELETE' })
  expect(await keys()).toEqual([])
})

test('what cannot be heard is refused with its reason', async () => {
  const codeOf = async (of: string) => (await problem(await ask(of))).code
  expect(await codeOf(`uploads/${newId()}`)).toBe('upload-not-found')
  expect(await codeOf(`jobs/${newId()}`)).toBe('job-not-found')
  const { id } = await studio.api.createUpload('open.wav', 10)
  expect(await codeOf(`uploads/${id}`)).toBe('upload-not-ready')
  await studio.take('nothing.flac', { seconds: SECONDS, voices })
  const bytes = await readFile(studio.at('nothing.flac'))
  bytes.fill(0, bytes.indexOf(Buffer.from([0xff, 0xf8])))
  expect(await codeOf(`uploads/${await studio.api.upload('nothing.flac', bytes)}`)).toBe('not-audio')
})

test('with direct downloads a link leads to it', async () => {
  await using direct = await openStudio({ DOWNLOAD_TRANSPORT: 'direct' })
  const id = await direct.take('a.aiff', { seconds: SECONDS, voices })
  const answer = await direct.api.call(`uploads/${id}/preview`, { redirect: 'manual' })
  expect(answer.status).toBe(302)
  const followed = await fetch(answer.headers.get('location') ?? '')
  expect(followed.headers.get('content-type')).toBe('audio/flac')
  expect((await followed.text()).startsWith('fLaC')).toBe(true)
})
