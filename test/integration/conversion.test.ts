import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FormatsView } from '../../src/contract/index.ts'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { decodedMs, listen, makeAudio, SOURCES } from '../support/audio.ts'
import { ffmpegIn, pictures } from '../support/odd-sources.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'
import { TARGETS } from '../support/targets.ts'

const SECONDS = 4
let folder: Awaited<ReturnType<typeof makeDataDir>>
let program: Program
let api: Api

beforeAll(async () => {
  folder = await makeDataDir()
  program = await startProgram({ dataDir: path.join(folder.path, 'data') })
  api = createApi(program.url)
})
afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const at = (name: string) => path.join(folder.path, name)

async function uploadSource(extension: string): Promise<string> {
  const file = at(`source.${extension}`)
  await makeAudio(file, { seconds: SECONDS, flags: SOURCES[extension as keyof typeof SOURCES] })
  return api.upload(`source.${extension}`, await readFile(file))
}

/** Converts and saves the result; gives where it lies. */
async function convert(uploadId: string, format: string, options?: Record<string, unknown>): Promise<string> {
  const job = await api.convert(uploadId, format, options)
  await api.done(job.id)
  const file = at(`${job.id}-${job.name}`)
  await writeFile(file, await api.result(job.id))
  return file
}

/** Every format once, from each source in turn; every source to every format is tested file to file. */
const PAIRS = Object.entries(TARGETS).map(([format, target], index) => {
  const source = Object.keys(SOURCES)[index % Object.keys(SOURCES).length] ?? 'wav'
  return { source, format, ...target }
})

test.each(PAIRS)(
  'from $source to $format, by upload, queue and download',
  async ({ source, format, codec, extension }) => {
    const file = await convert(await uploadSource(source), format)
    expect(path.basename(file)).toMatch(new RegExp(`-source\\.${extension}$`))
    expect(await listen(file)).toMatchObject({ codec, channels: 2 })
    expect(Math.abs((await decodedMs(file)) - SECONDS * 1000)).toBeLessThan(50)
  },
)

test('progress goes through all phases, never falls, and is 100 exactly when the job is done', async () => {
  const file = at('long.wav')
  await makeAudio(file, { seconds: 240 })
  const { id } = await api.convert(await api.upload('long.wav', await readFile(file)), 'opus')
  const seen = await api.done(id)
  const percents = seen.map(({ progress }) => progress)
  expect(percents).toEqual([...percents].sort((a, b) => a - b))
  expect(seen.filter(({ progress }) => progress === 100).map(({ state }) => state)).toEqual(['done'])
  const converting = seen.filter(({ phase }) => phase === 'converting')
  expect(converting.length).toBeGreaterThan(3)
  expect(converting.some(({ speed, etaMs, processedMs }) => speed && etaMs && processedMs)).toBe(true)
  expect(new Set(percents).size).toBeGreaterThan(5)
})

test('options are obeyed, and a preset is the same as its format and options', async () => {
  const uploadId = await uploadSource('wav')
  const mono = await listen(await convert(uploadId, 'flac', { channels: 1, bitDepth: 24 }))
  expect(mono).toMatchObject({ codec: 'flac', channels: 1 })
  const job = await json<{ id: string; format: string; options: object }>(
    await api.post('jobs', { uploadId, preset: 'voice' }),
    202,
  )
  expect(job).toMatchObject({ format: 'opus', options: { bitrateKbps: 32, channels: 1 } })
  await api.done(job.id)
})

test('the formats that are offered are those that can be made', async () => {
  const { formats, presets, limits } = await json<FormatsView>(await api.call('formats'))
  expect(formats.map(({ id }) => id).sort()).toEqual(Object.keys(TARGETS).sort())
  expect(presets.every(({ format }) => format in TARGETS)).toBe(true)
  expect(limits.partSize).toBe(8 * 1024 * 1024)
})

test('a result is served whole, in ranges, by name, and not again to who has it', async () => {
  const { id } = await api.convert(await uploadSource('flac'), 'wav')
  await api.done(id)
  const whole = await api.result(id)
  const get = (headers: Record<string, string>, method = 'GET') =>
    api.call(`jobs/${id}/result`, { method, headers })

  const head = await get({}, 'HEAD')
  expect(head.headers.get('content-length')).toBe(`${whole.length}`)
  expect(head.headers.get('content-type')).toBe('audio/wav')
  expect(head.headers.get('content-disposition')).toBe('attachment; filename=source.wav')

  const part = await get({ range: 'bytes=100-199' })
  expect(part.status).toBe(206)
  expect(part.headers.get('content-range')).toBe(`bytes 100-199/${whole.length}`)
  expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(100, 200))

  const tail = await get({ range: 'bytes=-10' })
  expect(Buffer.from(await tail.arrayBuffer())).toEqual(whole.subarray(-10))

  const etag = head.headers.get('etag') ?? ''
  const changed = await get({ range: 'bytes=0-9', 'if-range': '"another"' })
  expect([changed.status, (await changed.arrayBuffer()).byteLength]).toEqual([200, whole.length])
  expect((await get({ 'if-none-match': etag })).status).toBe(304)
  expect((await get({ range: `bytes=${whole.length}-` })).status).toBe(416)
})

test('a name of any alphabet comes back as it was, in a header that every client reads', async () => {
  const file = at('named.flac')
  await makeAudio(file, { seconds: 1, flags: SOURCES.flac })
  const job = await api.convert(await api.upload('Ünïcödé 🎵 "quoted".flac', await readFile(file)), 'mp3')
  await api.done(job.id)
  expect(job.name).toBe('Ünïcödé 🎵 "quoted".mp3')
  const disposition = (await api.call(`jobs/${job.id}/result`)).headers.get('content-disposition') ?? ''
  const [, encoded = ''] = /filename\*=UTF-8''([^;]+)/.exec(disposition) ?? []
  expect(decodeURIComponent(encoded)).toBe(job.name)
})

test('a job that cannot succeed fails with its reason and has no result; what FFmpeg said is in its log', async () => {
  const file = at('holes.flac')
  await makeAudio(file, { seconds: 20, flags: SOURCES.flac })
  const whole = await readFile(file)
  const holey = Buffer.from(whole)
  for (let place = 50_000; place < holey.length; place += 50_000) holey.fill(0x55, place, place + 2000)
  const damaged = await api.convert(await api.upload('holes.flac', holey), 'mp3')
  await api.done(damaged.id)
  const log = await (await api.call(`jobs/${damaged.id}/log`)).text()
  expect(log).not.toBe('')
  expect(log).not.toContain(folder.path)

  whole.fill(0, 8300) // the headers say what it would be; nothing of it follows
  const { id } = await api.convert(await api.upload('empty.flac', whole), 'mp3')
  const last = (await api.follow(id, ({ state }) => state !== 'queued' && state !== 'running')).at(-1)
  expect(last).toMatchObject({ state: 'failed', error: { code: 'conversion-failed' } })
  expect(last?.progress).toBeLessThan(100)
  expect(await problem(await api.call(`jobs/${id}/result`))).toMatchObject({
    httpStatus: 409,
    code: 'job-not-done',
  })
})

test('a film without sound is refused by a code of its own, with what was found', async () => {
  await ffmpegIn(folder.path)([...pictures(1), '-c:v', 'mpeg4', 'film.mp4'])
  const bytes = await readFile(at('film.mp4'))
  const { id } = await api.createUpload('film.mp4', bytes.length)
  await api.putPart(id, 1, bytes)
  const refusal = await problem(await api.complete(id))
  expect(refusal).toMatchObject({ httpStatus: 422, code: 'no-audio-stream' })
  expect(refusal.detail).toContain('video mpeg4 in mov')
})
