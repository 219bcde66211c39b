import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi } from '../support/api.ts'
import { makeAudio } from '../support/audio.ts'
import { startStores, type SharedStores } from '../support/embedded.ts'
import { startProgram, type Program } from '../support/program.ts'

let stores: SharedStores
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores[Symbol.asyncDispose]())

const start = (name: string, env: Record<string, string>) =>
  startProgram({ dataDir: path.join(stores.folder, name), env: { ...stores.env, ...env } })

/** The log lines of this sentence that it has written so far. */
function lines(program: Program, sentence: string): Record<string, unknown>[] {
  const objects = program.output().match(/^\{.*\}$/gm) ?? []
  const all = objects.map((line) => JSON.parse(line) as Record<string, unknown>)
  return all.filter(({ msg }) => msg === sentence)
}

test('every process of many tells how long the queue is, and a worker how a job ended', async () => {
  await using front = await start('front', { ROLE: 'api' })
  await expect.poll(() => lines(front, 'queue')).toMatchObject([{ queued: 0, oldestQueuedMs: 0 }])
  const api = createApi(front.url)
  const file = path.join(stores.folder, 'song.wav')
  await makeAudio(file, { seconds: 1 })
  const uploadId = await api.upload('song.wav', await readFile(file))
  const jobs = [await api.convert(uploadId, 'opus'), await api.convert(uploadId, 'flac')]

  await using second = await start('second', { ROLE: 'api' })
  await expect.poll(() => lines(second, 'queue')).toMatchObject([{ queued: 2 }])
  expect(lines(second, 'queue')[0]?.['oldestQueuedMs']).toBeGreaterThan(0)

  await using worker = await start('worker', { ROLE: 'worker' })
  for (const { id } of jobs) await api.done(id)
  await expect.poll(() => lines(worker, 'conversion ended')).toHaveLength(2)
  expect(lines(worker, 'conversion ended')).toMatchObject([{ state: 'done' }, { state: 'done' }])
})

test('a process that is alone with its stores has nobody to tell', async () => {
  await using alone = await startProgram({ embedded: true })
  await alone.kill('SIGTERM')
  expect(lines(alone, 'queue')).toEqual([])
  expect(lines(alone, 'stopping')).toHaveLength(1)
})
