import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobView } from '../../src/contract/index.ts'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { makeAudio } from '../support/audio.ts'
import { startStores, type SharedStores } from '../support/embedded.ts'
import { pacedFfmpeg } from '../support/tools.ts'
import { startProgram, type Program } from '../support/program.ts'

let stores: SharedStores
let front: Program
let worker: Program
let api: Api
let ffmpeg = ''
let uploadId = ''

const start = (role: string) =>
  startProgram({
    dataDir: path.join(stores.folder, role),
    env: { ...stores.env, ROLE: role, WORKER_CONCURRENCY: '1', FFMPEG_PATH: ffmpeg },
  })

beforeAll(async () => {
  stores = await startStores()
  ffmpeg = await pacedFfmpeg(stores.folder, 8)
  front = await start('api')
  worker = await start('worker')
  api = createApi(front.url)
  const file = path.join(stores.folder, 'long.wav')
  await makeAudio(file, { seconds: 40 })
  uploadId = await api.upload('long.wav', await readFile(file))
})
afterAll(async () => {
  await worker[Symbol.asyncDispose]()
  await front[Symbol.asyncDispose]()
  await stores[Symbol.asyncDispose]()
})

const cancel = (id: string) => api.post(`jobs/${id}/cancel`)
const retry = (id: string) => api.post(`jobs/${id}/retry`)

test('a conversion in another process is stopped with its FFmpeg, the job ends cancelled and can be tried again', async () => {
  const { id } = await api.convert(uploadId, 'opus')
  await api.follow(id, ({ phase }) => phase === 'converting')
  const early = await api.call(`jobs/${id}`, { method: 'DELETE' })
  expect(await problem(early)).toMatchObject({ httpStatus: 409, code: 'job-conflict', state: 'running' })
  const asked = await json<JobView>(await cancel(id), 202)
  expect(asked.state).toBe('running')
  const last = (await api.follow(id, ({ state }) => state !== 'running')).at(-1)
  expect(last).toMatchObject({ state: 'cancelled', phase: null })
  expect(last?.progress).toBeLessThan(95) // where converting ends: FFmpeg did not get to the end of its work
  expect((await json<JobView>(await cancel(id), 202)).state).toBe('cancelled')
  const tmp = path.join(stores.folder, 'worker', 'tmp')
  for (const own of await readdir(tmp)) expect(await readdir(path.join(tmp, own))).toEqual([])
  expect(await problem(await api.call(`jobs/${id}/result`))).toMatchObject({
    code: 'job-not-done',
    state: 'cancelled',
  })

  expect(await json<JobView>(await retry(id), 202)).toMatchObject({ state: 'queued', attempt: 1 })
  await api.done(id)
  expect(await problem(await cancel(id))).toMatchObject({
    httpStatus: 409,
    code: 'job-conflict',
    state: 'done',
  })
  expect(await problem(await retry(id))).toMatchObject({
    httpStatus: 409,
    code: 'job-conflict',
    state: 'done',
  })
})

test('a waiting job is cancelled at once, and the one before it goes on', async () => {
  const first = await api.convert(uploadId, 'flac')
  await api.follow(first.id, ({ state }) => state === 'running')
  const second = await api.convert(uploadId, 'opus')
  expect(await api.progress(second.id)).toMatchObject({ state: 'queued', queuePosition: 1 })
  const answer = await cancel(second.id)
  expect(answer.headers.get('etag')).toMatch(/^"0\.3\.0-/) // fence, state and percent, to show to the next process
  expect((await json<JobView>(answer, 202)).state).toBe('cancelled')
  await api.done(first.id)
  expect((await api.findJob(second.id)).state).toBe('cancelled')
})
