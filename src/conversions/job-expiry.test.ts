import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { newJob } from '../../test/support/jobs.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { newId } from '../kernel/ids.ts'
import { silentLog } from '../kernel/log.ts'
import { JobExpiry } from './job-expiry.ts'
import type { Job } from './job.ts'

const REMOVED = { deletedObjects: 2, abortedUploads: 0, freedBytes: 9 }

let clock: FakeClock
let stores: MemoryStores
let expiry: JobExpiry
let erased: string[]
/** Ids that bytes lie under. */
let ids: string[]
let told: unknown[]

beforeEach(() => {
  clock = createFakeClock()
  stores = new MemoryStores(clock)
  erased = []
  ids = []
  told = []
  const erase = (jobId: string) => {
    erased.push(jobId)
    return Promise.resolve(REMOVED)
  }
  const log = { ...silentLog, info: (fields: object) => told.push(fields) }
  expiry = new JobExpiry({ jobs: stores.jobs, results: { erase, listIds: () => list(ids) }, clock, log })
})

const added = (state: Job['state'], expiresAt: number): Promise<Job> =>
  stores.jobs.add({ ...newJob(clock.now()), state, expiresAt })
const stateOf = async ({ jobId }: Job) => (await stores.jobs.find(jobId))?.state

async function* list(all: readonly string[]): AsyncGenerator<string> {
  yield* await Promise.resolve(all)
}

describe('an ended job', () => {
  test('is listed when its time is over, the oldest first, and no job that waits or runs', async () => {
    const now = clock.now()
    const [late, early] = [await added('failed', now - 1), await added('done', now - 2)]
    await added('cancelled', now + 1)
    await added('queued', now - 9)
    await added('running', now - 9)
    expect(await expiry.listExpired(10)).toEqual([early.jobId, late.jobId])
    expect(await expiry.listExpired(1)).toEqual([early.jobId])
  })

  test('that expires leaves a tombstone, once its bytes are gone', async () => {
    const job = await added('done', clock.now())
    expect(await expiry.expire(job.jobId)).toEqual(REMOVED)
    expect(erased).toEqual([job.jobId])
    expect(await stateOf(job)).toBe('gone')
    expect(told).toEqual([{ jobId: job.jobId, ...REMOVED }])
  })

  test('whose bytes could not be erased expires with the next sweep', async () => {
    const job = await added('done', clock.now())
    const results = { erase: () => Promise.reject(new Error('away')), listIds: () => list([]) }
    const failing = new JobExpiry({ jobs: stores.jobs, results, clock, log: silentLog })
    await expect(failing.expire(job.jobId)).rejects.toThrow('away')
    expect(await stateOf(job)).toBe('deleting')
    await clock.advance(1)
    expect(await expiry.listExpired(10)).toEqual([job.jobId])
    expect(await expiry.expire(job.jobId)).toEqual(REMOVED)
  })

  test('is not taken before its time', async () => {
    const job = await added('done', clock.now() + 1)
    expect(await expiry.expire(job.jobId)).toBeUndefined()
    expect(await stateOf(job)).toBe('done')
    expect(erased).toEqual([])
  })

  test('is removed before its time by whoever wants that, and safely again', async () => {
    const job = await added('done', clock.now() + 1_000_000)
    await expiry.removeNow(job.jobId)
    await expiry.removeNow(job.jobId)
    expect(await stateOf(job)).toBe('gone')
    expect(erased).toEqual([job.jobId])
  })
})

describe('a job that waits or runs', () => {
  test.each(['queued', 'running'] as const)('as %s cannot be removed, however old it is', async (state) => {
    const job = await added(state, clock.now() - 1)
    expect(await expiry.expire(job.jobId)).toBeUndefined()
    await expect(expiry.removeNow(job.jobId)).rejects.toMatchObject({
      code: 'job-conflict',
      facts: { state },
    })
    expect(await stateOf(job)).toBe(state)
  })
})

test('a job that nobody knows is removed already, and what can be no id is not asked for', async () => {
  await expiry.removeNow(newId())
  stores.takeCalls()
  await expiry.removeNow('nothing')
  expect(await expiry.expire('nothing')).toBeUndefined()
  expect(stores.takeCalls()).toEqual([])
})

describe('orphans', () => {
  test('are results of no job, or of a tombstone; what else lies there is not ours', async () => {
    const [unknown, kept] = [newId(), await added('done', clock.now() + 1)]
    const [gone, deleting] = [await added('gone', 1), await added('deleting', 1)]
    ids = [unknown, kept.jobId, gone.jobId, deleting.jobId, 'other']
    expect(await Array.fromAsync(expiry.listOrphans())).toEqual([unknown, gone.jobId])
  })

  test('are erased with all that lies under their id', async () => {
    expect(await expiry.removeOrphan('id')).toEqual(REMOVED)
    expect(erased).toEqual(['id'])
  })
})
