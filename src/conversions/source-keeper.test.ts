import { beforeEach, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { newJob } from '../../test/support/jobs.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { silentLog } from '../kernel/log.ts'
import type { Job } from './job.ts'
import { SourceKeeper, type SourceKeeperParts } from './source-keeper.ts'

const RETENTION_MS = 9000
/** From a third of the retention time on a job is old. */
const OLD_MS = 3000

let clock: FakeClock
let stores: MemoryStores
let kept: [uploadId: string, until: number][]
let gone: Set<string>
let told: unknown[]
let keeper: SourceKeeper

beforeEach(() => {
  clock = createFakeClock()
  stores = new MemoryStores(clock)
  kept = []
  gone = new Set()
  told = []
  keeper = keeperOf(stores.jobs)
})

const keeperOf = (jobs: SourceKeeperParts['jobs']) =>
  new SourceKeeper({
    jobs,
    sources: {
      keep: (...asked) => {
        kept.push(asked)
        return Promise.resolve(!gone.has(asked[0]))
      },
    },
    clock,
    log: { ...silentLog, warn: (fields, sentence) => told.push([sentence, fields]) },
    retentionMs: RETENTION_MS,
  })

function added(uploadId: string, values: Partial<Job> = {}): Promise<Job> {
  const job = newJob(clock.now())
  return stores.jobs.add({ ...job, source: { ...job.source, uploadId }, ...values })
}

test('the source of a job that waits for long is kept for another retention time', async () => {
  await added('u')
  await clock.advance(OLD_MS - 1)
  await keeper.keep()
  expect(kept).toEqual([])
  await clock.advance(1)
  await keeper.keep()
  expect(kept).toEqual([['u', clock.now() + RETENTION_MS]])
})

test('the source of a job that runs for long is kept, too', async () => {
  await added('u', { state: 'running', owner: 'w' })
  await clock.advance(OLD_MS)
  await keeper.keep()
  expect(kept.map(([uploadId]) => uploadId)).toEqual(['u'])
})

test('all sources of a joined job are kept, in order', async () => {
  const joined = ['a', 'b'].map((uploadId) => ({ uploadId, name: 'n', size: 1, durationMs: 1 }))
  await added('a', { joined })
  await clock.advance(OLD_MS)
  await keeper.keep()
  expect(kept.map(([uploadId]) => uploadId)).toEqual(['a', 'b'])
})

test('the source of a job that has ended is not, whatever the index still says', async () => {
  const job = await added('u')
  await clock.advance(OLD_MS)
  await stores.jobs.cancelQueued(job, clock.now(), clock.now())
  await keeperOf({
    listRunning: () => Promise.resolve([]),
    listQueued: () => Promise.resolve([job.jobId]),
    find: (jobId) => stores.jobs.find(jobId),
  }).keep()
  expect(kept).toEqual([])
})

test('a young job that another worker had before has a source that lives long enough', async () => {
  await added('u', { state: 'running', owner: 'w' })
  await clock.advance(OLD_MS - 1)
  await keeper.keep()
  expect(kept).toEqual([])
})

test('a source that is gone is logged, and the others are kept all the same', async () => {
  const job = await added('gone', { priority: 10 })
  await added('there')
  gone.add('gone')
  await clock.advance(OLD_MS)
  await keeper.keep()
  expect(told).toEqual([['source of a waiting job is gone', { jobId: job.jobId, uploadId: 'gone' }]])
  expect(kept.map(([uploadId]) => uploadId)).toEqual(['gone', 'there'])
})
