import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LOG_METRICS } from '../../infra/lib/log-lines.ts'
import { createApi } from '../support/api.ts'
import { makeAudio, SOURCES } from '../support/audio.ts'
import { startStores, type SharedStores } from '../support/embedded.ts'
import { startProgram, type Program } from '../support/program.ts'

let stores: SharedStores
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores[Symbol.asyncDispose]())

const start = (name: string, env: Record<string, string>) =>
  startProgram({ dataDir: path.join(stores.folder, name), env: { ...stores.env, ...env } })

/** The log lines it has written so far that have these fields. */
function lines(program: Program, wanted: Record<string, string>): Record<string, unknown>[] {
  const objects = program.output().match(/^\{.*\}$/gm) ?? []
  const all = objects.map((line) => JSON.parse(line) as Record<string, unknown>)
  return all.filter((line) => Object.entries(wanted).every(([name, value]) => line[name] === value))
}

/** The lines that CloudWatch makes metrics of, and the fields it takes as numbers. */
const { Queued, OldestQueuedMs, FailedJobs } = LOG_METRICS

/** A file that says what it would be, and is not: its conversion fails. */
async function hollow(): Promise<Buffer<ArrayBuffer>> {
  const file = path.join(stores.folder, 'song.flac')
  await makeAudio(file, { seconds: 20, flags: SOURCES.flac })
  return Buffer.from(await readFile(file)).fill(0, 8300) // behind the headers
}

test('every process of many tells how long the queue is, and a worker which jobs have failed', async () => {
  await using front = await start('front', { ROLE: 'api' })
  const empty = { [Queued.field]: 0, [OldestQueuedMs.field]: 0 }
  await expect.poll(() => lines(front, Queued.line)).toMatchObject([empty])
  const api = createApi(front.url)
  const uploadId = await api.upload('hollow.flac', await hollow())
  const [first, second] = [await api.convert(uploadId, 'mp3'), await api.convert(uploadId, 'opus')]

  await using later = await start('later', { ROLE: 'api' })
  await expect.poll(() => lines(later, Queued.line)).toMatchObject([{ [Queued.field]: 2 }])
  const [told] = lines(later, OldestQueuedMs.line)
  expect(told?.[OldestQueuedMs.field]).toBeGreaterThan(0)

  await using worker = await start('worker', { ROLE: 'worker' })
  for (const { id } of [first, second]) {
    const views = await api.follow(id, ({ state }) => state === 'failed' || state === 'done')
    expect(views.at(-1)).toMatchObject({ state: 'failed' })
  }
  await expect.poll(() => lines(worker, FailedJobs.line)).toHaveLength(2)
})

test('a process that is alone with its stores has nobody to tell', async () => {
  await using alone = await startProgram({ embedded: true })
  await alone.kill('SIGTERM')
  expect(lines(alone, { msg: 'stopping' })).toHaveLength(1)
  expect(lines(alone, Queued.line)).toEqual([])
})
