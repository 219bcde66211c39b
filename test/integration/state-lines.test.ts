import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../src/cli/log.ts'
import { createApi, json, type Api } from '../support/api.ts'
import { makeAudio, SOURCES, wavOf } from '../support/audio.ts'
import { makeDataDir } from '../support/embedded.ts'
import { startService, type TurnedService } from '../support/service.ts'

type Line = {
  level: number
  msg: string
  requestId?: string
  jobId?: string
  uploadId?: string
  state?: string
}
const INFO = 30

let lines: Line[] = []
const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line) as Line) })
let running: TurnedService
let api: Api
let wav: Buffer<ArrayBuffer>

beforeAll(async () => {
  running = await startService({ WORKER_CONCURRENCY: '1', RETENTION_HOURS: '1' }, { log })
  api = createApi(running.url)
  wav = await wavOf(1)
})
afterAll(() => running[Symbol.asyncDispose]())
beforeEach(() => (lines = []))

/** Lines of info about one upload or job, in order, with the state where they tell it. */
function told(name: 'jobId' | 'uploadId', id: string): string[] {
  const about = lines.filter((line) => line[name]?.startsWith(id.slice(0, 8)) && line.level === INFO)
  for (const line of about) expect(line[name]).toBe(`${id.slice(0, 8)}…`)
  return about.map(({ msg, state }) => (state === undefined ? msg : `${msg}: ${state}`))
}

const ended = (jobId: string) => api.follow(jobId, ({ state }) => state !== 'queued' && state !== 'running')
const soon = (read: () => string[]) => expect.poll(read, { timeout: 20_000 })

async function hollow(): Promise<Buffer<ArrayBuffer>> {
  await using folder = await makeDataDir()
  const file = path.join(folder.path, 'hollow.flac')
  await makeAudio(file, { seconds: 5, flags: SOURCES.flac })
  return Buffer.from(await readFile(file)).fill(0, 8300)
}

test('an upload that is asked to be complete too early, then is, and is removed, has a line for each of its states', async () => {
  const { id } = await api.createUpload('song.wav', wav.length)
  expect((await api.complete(id)).status).toBe(409)
  await json(await api.putPart(id, 1, wav))
  await json(await api.complete(id))
  await json(await api.complete(id)) // changes nothing
  expect((await api.call(`uploads/${id}`, { method: 'DELETE' })).status).toBe(204)
  expect((await api.call(`uploads/${id}`, { method: 'DELETE' })).status).toBe(204)
  expect(told('uploadId', id)).toEqual([
    ...['upload opened', 'upload completing', 'upload open again'],
    ...['upload completing', 'upload ready', 'upload removed'],
  ])
  for (const line of lines) expect(line.requestId, line.msg).toMatch(/^[0-9a-f-]{36}$/)
})

test('a job that is done, and one that fails and is tried again, have a line for each of their states', async () => {
  const done = await api.convert(await api.upload('song.wav', wav), 'flac')
  await api.done(done.id)
  const failed = await api.convert(await api.upload('hollow.flac', await hollow()), 'mp3')
  await ended(failed.id)
  await json(await api.post(`jobs/${failed.id}/retry`), 202)
  const attempt = (state: string) => ['conversion started', `conversion ended: ${state}`]
  await soon(() => told('jobId', failed.id)).toHaveLength(6)
  expect(told('jobId', done.id)).toEqual(['job queued', ...attempt('done')])
  const twice = ['job queued', ...attempt('failed'), 'job queued again', ...attempt('failed')]
  expect(told('jobId', failed.id)).toEqual(twice)
})

test('of two jobs one is cancelled as it runs and one as it waits, each with its line', async () => {
  const uploadId = await api.upload('long.wav', await wavOf(300))
  const runs = await api.convert(uploadId, 'opus')
  await api.follow(runs.id, ({ state }) => state === 'running')
  const waits = await api.convert(uploadId, 'mp3')
  for (const { id } of [waits, runs]) await json(await api.post(`jobs/${id}/cancel`), 202)
  await ended(runs.id)
  await soon(() => told('jobId', runs.id)).toContain('conversion ended: cancelled')
  expect(told('jobId', waits.id)).toEqual(['job queued', 'job cancelled'])
  expect(told('jobId', runs.id).filter((one) => one.startsWith('conversion ended'))).toHaveLength(1)
})

test('what expires says so once, an upload and a job', async () => {
  const { id } = await api.createUpload('left.wav', wav.length)
  await json(await api.putPart(id, 1, wav))
  const job = await api.convert(await api.upload('song.wav', wav), 'flac')
  await api.done(job.id)
  lines = []
  running.turn(30 * 3_600_000)
  await json(await api.post('cleanup'))
  await json(await api.post('cleanup'))
  expect(told('uploadId', id)).toEqual(['expired upload removed'])
  expect(told('jobId', job.id)).toEqual(['job removed'])
})
