import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newKey } from '../../src/access/index.ts'
import { createApi, problem } from '../support/api.ts'
import { makeAudio } from '../support/audio.ts'
import { storesAreAws } from '../support/elsewhere.ts'
import { startStores, type SharedStores } from '../support/embedded.ts'
import { pacedFfmpeg } from '../support/tools.ts'
import { runProgram, startProgram } from '../support/program.ts'

let stores: SharedStores
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores[Symbol.asyncDispose]())

const start = (role: string, env: Record<string, string> = {}) =>
  startProgram({ dataDir: path.join(stores.folder, role), env: { ...stores.env, ...env, ROLE: role } })

test('a process that only serves and one that only converts share nothing but the stores', async () => {
  await using front = await start('api')
  expect(front.output()).toMatch(
    storesAreAws
      ? /stores +aws \(S3_BUCKET_NAME is set\)/
      : /stores +S3 and DynamoDB at the given endpoints \(S3_ENDPOINT is set\)/,
  )
  const api = createApi(front.url)
  const file = path.join(stores.folder, 'song.wav')
  await makeAudio(file, { seconds: 40 })
  const job = await api.convert(await api.upload('song.wav', await readFile(file)), 'opus')
  expect(await api.progress(job.id)).toMatchObject({ state: 'queued', queuePosition: 1, progress: 0 })

  const FFMPEG_PATH = await pacedFfmpeg(stores.folder, 8)
  await using worker = await start('worker', { FFMPEG_PATH })
  const seen = await api.done(job.id)
  const between = seen.filter(({ progress }) => progress > 5 && progress < 95)
  expect(between.length).toBeGreaterThan(0) // read from the worker's page, as nothing else connects the two
  expect((await api.result(job.id)).length).toBeGreaterThan(10_000)
  expect((await fetch(`${worker.url}/api/formats`)).status).toBe(404)
  expect((await fetch(`${worker.url}/api/health/live`)).status).toBe(200)
})

test('cleanup on request is off without an admin key where others can reach the stores, and cron sweeps instead', async () => {
  await using front = await start('api')
  expect(await problem(await createApi(front.url).post('cleanup'))).toMatchObject({
    httpStatus: 403,
    code: 'forbidden',
  })
  const report = await runProgram(['sweep'], { ...stores.env, DATA_DIR: path.join(stores.folder, 'sweep') })
  expect(JSON.parse(report)).toMatchObject({ expiredJobs: 0, orphans: 0, failures: 0 })
})

test('nor has this machine a right to it where there are keys', async () => {
  await using front = await startProgram({ embedded: true, env: { API_KEYS: newKey('anna').entry } })
  expect(await problem(await createApi(front.url).post('cleanup'))).toMatchObject({ code: 'forbidden' })
})
