import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApi, json, type Api } from '../support/api.ts'
import { decodedMs, listen, makeAudio, SOURCES } from '../support/audio.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'
import type { FormatsView } from '../../src/contract/index.ts'

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

async function uploadSource(extension: keyof typeof SOURCES): Promise<string> {
  const file = at(`source.${extension}`)
  await makeAudio(file, { seconds: SECONDS, flags: SOURCES[extension] })
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

/** What ffprobe must say of each target. */
const TARGETS: Record<string, { codec: string; container: RegExp; extension: string }> = {
  mp3: { codec: 'mp3', container: /^mp3$/, extension: 'mp3' },
  aac: { codec: 'aac', container: /m4a/, extension: 'm4a' },
  opus: { codec: 'opus', container: /^ogg$/, extension: 'opus' },
  vorbis: { codec: 'vorbis', container: /^ogg$/, extension: 'ogg' },
  flac: { codec: 'flac', container: /^flac$/, extension: 'flac' },
  wav: { codec: 'pcm_s16le', container: /^wav$/, extension: 'wav' },
  alac: { codec: 'alac', container: /m4a/, extension: 'm4a' },
  aiff: { codec: 'pcm_s16be', container: /^aiff$/, extension: 'aiff' },
  wavpack: { codec: 'wavpack', container: /^wv$/, extension: 'wv' },
  webm: { codec: 'opus', container: /webm/, extension: 'webm' },
  m4b: { codec: 'aac', container: /m4a/, extension: 'm4b' },
  ac3: { codec: 'ac3', container: /^ac3$/, extension: 'ac3' },
}

describe.each(Object.keys(SOURCES) as (keyof typeof SOURCES)[])('from %s', (source) => {
  let uploadId = ''
  beforeAll(async () => {
    uploadId = await uploadSource(source)
  })

  test.each(Object.keys(TARGETS))('to %s: the right codec, length, channels and title', async (target) => {
    const file = await convert(uploadId, target)
    const heard = await listen(file)
    const wanted = TARGETS[target]
    expect(heard.codec).toBe(wanted?.codec)
    expect(heard.container).toMatch(wanted?.container ?? /never/)
    expect(path.extname(file)).toBe(`.${wanted?.extension ?? ''}`)
    expect(heard.channels).toBe(2)
    expect(heard.title).toBe(target === 'ac3' ? '' : 'Two sines') // AC-3 has no tags
    expect(Math.abs((await decodedMs(file)) - SECONDS * 1000)).toBeLessThan(50)
  })
})

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
