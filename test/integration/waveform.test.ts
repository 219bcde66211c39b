import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WaveformData from 'waveform-data'
import type { WaveformView } from '../../src/contract/index.ts'
import { newId } from '../../src/kernel/ids.ts'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { FFMPEG } from '../support/ffmpeg-paths.ts'
import { makeDataDir } from '../support/program.ts'
import { startService, type TurnedService } from '../support/service.ts'
import { contentsOf } from '../support/stores.ts'

const run = promisify(execFile)
let folder: Awaited<ReturnType<typeof makeDataDir>>
let service: TurnedService
let api: Api

beforeAll(async () => {
  folder = await makeDataDir()
  service = await startService()
  api = createApi(service.url)
})
afterAll(async () => {
  await service[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** Half a second of silence, half of a sine at half of full scale, in stereo at 48 kHz. */
async function upload(): Promise<string> {
  const file = path.join(folder.path, 'step.wav')
  const side = 'if(lt(t,0.5),0,0.5*sin(1000*2*PI*t))'
  const sound = `aevalsrc='${side}|${side}':s=48000:d=1`
  await run(FFMPEG, ['-v', 'error', '-y', '-f', 'lavfi', '-i', sound, file])
  return api.upload('step.wav', await readFile(file))
}

/** As a client does that follows `Retry-After`. */
async function waveform(of: string): Promise<WaveformView> {
  for (;;) {
    const answer = await api.call(of)
    if (answer.status !== 202) return json<WaveformView>(answer)
    expect(answer.headers.get('retry-after')).toBe('2')
  }
}

const keysOf = async (id: string) => (await contentsOf(service.stores)).keys.filter((key) => key.includes(id))

test('a source is drawn before any job, with its loudness, and kept beside it until it goes', async () => {
  const id = await upload()
  const wave = await waveform(`uploads/${id}/waveform`)
  expect(wave).toMatchObject({ version: 2, channels: 1, sample_rate: 48000, samples_per_pixel: 64, bits: 8 })
  expect([wave.length, wave.data.length]).toEqual([750, 1500])
  const half = wave.length // as many numbers as points: the first half of the data is the first half of the sound
  expect(Math.max(...wave.data.slice(0, half - 2).map(Math.abs))).toBe(0)
  expect(Math.max(...wave.data.slice(half))).toBe(64)
  expect(Math.min(...wave.data.slice(half))).toBe(-64)
  expect(wave.loudness?.truePeakDb).toBeCloseTo(-6, 0)
  expect(await keysOf(id)).toEqual([`uploads/${id}/source`, `uploads/${id}/waveform.json`])
  await api.call(`uploads/${id}`, { method: 'DELETE' })
  expect(await keysOf(id)).toEqual([])
})

test('a result is drawn as it sounds, at the zoom that is asked for', async () => {
  const { id } = await api.convert(await upload(), 'mp3', { fadeOutMs: 500, sampleRateHz: 24000 })
  expect(await problem(await api.call(`jobs/${newId()}/waveform`))).toMatchObject({ code: 'job-not-found' })
  await api.done(id)
  const wave = await waveform(`jobs/${id}/waveform?points=100`)
  expect(wave.sample_rate).toBe(24000)
  expect(wave.length).toBeLessThanOrEqual(100)
  const highs = wave.data.filter((_, at) => at % 2 === 1)
  const late = highs.slice(Math.round(highs.length * 0.55), -2)
  expect(late[0]).toBeGreaterThan(2 * (late.at(-1) ?? 0))
  const again = await api.call(`jobs/${id}/waveform?points=100`)
  const etag = again.headers.get('etag') ?? ''
  const kept = await api.call(`jobs/${id}/waveform?points=100`, { headers: { 'if-none-match': etag } })
  expect([again.status, kept.status]).toEqual([200, 304])
})

test('many who ask at once have it made once', async () => {
  const id = await upload()
  const answers = await Promise.all(Array.from({ length: 8 }, () => waveform(`uploads/${id}/waveform`)))
  expect(new Set(answers.map((wave) => JSON.stringify(wave))).size).toBe(1)
})

test('the reader that peaks.js uses takes it as it is', async () => {
  const id = await upload()
  const wave = await waveform(`uploads/${id}/waveform`)
  const read = WaveformData.create(wave)
  expect(read.duration).toBeCloseTo(1, 2)
  expect([read.sample_rate, read.scale, read.length, read.channels]).toEqual([48000, 64, 750, 1])
  expect([read.channel(0).min_sample(500), read.channel(0).max_sample(500)]).toEqual([-64, 64])
})

test('what cannot be drawn is refused with its reason', async () => {
  const codeOf = async (path: string) => (await problem(await api.call(path))).code
  expect(await codeOf(`uploads/${newId()}/waveform`)).toBe('upload-not-found')
  const { id } = await api.createUpload('open.wav', 10)
  expect(await codeOf(`uploads/${id}/waveform`)).toBe('upload-not-ready')
  const ready = await upload()
  expect(await codeOf(`uploads/${ready}/waveform?points=0`)).toBe('invalid-request')
  const { id: failing } = await api.convert(ready, 'mp3', { trim: { startMs: 100 } })
  await api.done(failing)
  const silentFlac = path.join(folder.path, 'nothing.flac')
  await run(FFMPEG, ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'sine=d=1', silentFlac])
  const header = Buffer.from(await readFile(silentFlac))
  header.fill(0, 8300)
  await writeFile(silentFlac, header)
  expect(await codeOf(`uploads/${await api.upload('nothing.flac', header)}/waveform`)).toBe('not-audio')
})
