import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { StoreUnavailable } from '../../src/aws/index.ts'
import { JobReader, JobRepository, PageView, QueueView } from '../../src/conversions/index.ts'
import type { Job, LeasedJob } from '../../src/conversions/job.ts'
import { markOf } from '../../src/conversions/mark.ts'
import { newId } from '../../src/kernel/ids.ts'
import { silentMeter } from '../../src/kernel/meter.ts'
import { heartbeatTiming, ProgressRepository, type Snapshot } from '../../src/progress/index.ts'
import { makeTables, startStores, type SharedStores } from '../support/embedded.ts'
import { newJob } from '../support/jobs.ts'

const SECOND = 1000
let stores: SharedStores
let prefix = 0
let now = 0
/** Reads of the store since the last look, by kind. */
let reads: string[] = []
let away = false
/** What has been read is held back until then. */
let held: Promise<void> | undefined
let own: { lease: LeasedJob; snapshot: Snapshot; confirmed: boolean } | undefined
let jobs: JobRepository
let pages: ProgressRepository
let reader: JobReader

beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores[Symbol.asyncDispose]())

beforeEach(async () => {
  prefix += 1
  const name = `${stores.prefix}-reads${prefix}`
  await makeTables(stores, name)
  jobs = new JobRepository(stores.db, name)
  pages = new ProgressRepository(stores.db, name)
  now = 1_800_000_000_000
  reads = []
  away = false
  held = undefined
  own = undefined
  reader = makeReader()
})

/** The reader of another process than the one whose worker is `w`. */
function makeReader(): JobReader {
  const clock = { now: () => now, sleep: () => Promise.resolve() }
  const through =
    <Args extends unknown[], Result>(kind: string, read: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      reads.push(kind)
      if (away) throw new StoreUnavailable('state', undefined)
      const result = await read(...args)
      await held
      return result
    }
  const rows = {
    find: through('row', (id: string) => jobs.find(id)),
    listOrders: through('queue', (limit: number) => jobs.listOrders(limit)),
  }
  return new JobReader({
    jobs: rows,
    page: { snapshotOf: () => own?.snapshot, isConfirmed: () => own?.confirmed ?? false },
    pages: new PageView(
      { read: through('page', (id: string) => pages.read(id)) },
      clock,
      heartbeatTiming(30_000),
    ),
    queue: new QueueView(rows, clock),
    leaseOf: () => own?.lease,
    clock,
    meter: silentMeter,
  })
}

const snapshot = (percent: number, fence = 1, etaMs = 0): Snapshot => ({
  ...{ fence, phase: 'converting' as const, percent, speed: 1, etaMs, processedMs: 1, at: now },
})

async function claimed(owner = 'w'): Promise<LeasedJob> {
  const lease = await jobs.claim(await jobs.add(newJob(now)), { owner, nonce: newId(), now })
  if (!lease) throw new Error('The claim failed.')
  return lease
}

let sequence = 0
const writePage = (lines: Record<string, Snapshot>) =>
  pages.write({ workerId: 'w', sequence: ++sequence, jobs: lines, at: now })

const taken = () => reads.splice(0)
const percentOf = async (jobId: string) => (await reader.read(jobId))?.status.snapshot?.percent

test('500 watchers of one running job cost one read a second, and the row is read once', async () => {
  const { jobId } = await claimed()
  for (let second = 0; second < 10; second++) {
    await writePage({ [jobId]: snapshot(second) })
    const seen = await Promise.all(Array.from({ length: 500 }, () => percentOf(jobId)))
    expect(new Set(seen)).toEqual(new Set([second]))
    now += SECOND
  }
  const all = taken()
  expect(all.filter((kind) => kind === 'row')).toHaveLength(1)
  expect(all.filter((kind) => kind === 'page')).toHaveLength(10)
  expect(all).toHaveLength(11)
})

test('50 jobs on one page cost one read a second together', async () => {
  const leases = await Promise.all(Array.from({ length: 50 }, () => claimed()))
  const lines = () => Object.fromEntries(leases.map(({ jobId }) => [jobId, snapshot(1)]))
  await writePage(lines())
  const all = () => Promise.all(leases.map(({ jobId }) => reader.read(jobId)))
  await all()
  taken()
  now += SECOND
  await writePage(lines())
  await all()
  expect(taken()).toEqual(['page'])
})

test('a job with a long time to go is looked at seldom', async () => {
  const { jobId } = await claimed()
  await writePage({ [jobId]: snapshot(1, 1, 40 * SECOND) })
  await reader.read(jobId)
  taken()
  now += 7 * SECOND
  await reader.read(jobId)
  expect(taken()).toEqual([])
  now += SECOND
  await reader.read(jobId)
  expect(taken()).not.toEqual([])
})

test('a job that left its page is read anew and found done, then remembered', async () => {
  const lease = await claimed()
  await writePage({ [lease.jobId]: snapshot(50) })
  expect(await percentOf(lease.jobId)).toBe(50)
  await jobs.settle(lease, { state: 'done', result: { key: 'k', size: 1, durationMs: 1 }, updatedAt: now })
  await writePage({})
  now += SECOND
  expect((await reader.read(lease.jobId))?.status.job.state).toBe('done')
  taken()
  now += 30 * SECOND
  expect((await reader.read(lease.jobId))?.status.job.state).toBe('done')
  expect(taken()).toEqual([])
})

test('a page that stands still proves nothing: the row is read again', async () => {
  const { jobId } = await claimed()
  await writePage({ [jobId]: snapshot(50) })
  await reader.read(jobId)
  now += 6 * SECOND
  taken()
  expect(await percentOf(jobId)).toBe(50)
  expect(taken()).toContain('row')
})

test('while the store is away, what was seen is told as stale, and what was not is refused, never absent', async () => {
  const { jobId } = await claimed()
  await writePage({ [jobId]: snapshot(50) })
  const before = await reader.read(jobId)
  away = true
  now += SECOND
  const stale = await reader.read(jobId)
  expect(stale).toMatchObject({ stale: true, asOf: before?.asOf, status: { snapshot: { percent: 50 } } })
  await expect(reader.read(newId())).rejects.toBeInstanceOf(StoreUnavailable)
  taken()
  await reader.read(jobId)
  expect(taken()).toEqual([]) // a store that is away is left alone for a moment
  away = false
  now += 2 * SECOND
  expect(await reader.read(jobId)).toMatchObject({ stale: false, asOf: now })
})

test('absence is known for a moment only', async () => {
  const job = newJob(now)
  expect(await reader.read(job.jobId)).toBeUndefined()
  expect(await reader.read(job.jobId)).toBeUndefined()
  expect(taken()).toEqual(['row'])
  await jobs.add(job)
  now += SECOND
  expect((await reader.read(job.jobId))?.status).toMatchObject({ job: { state: 'queued' }, queuePosition: 1 })
})

test('nobody is told less than they know: the row is read, and percent is not below what another process said', async () => {
  const lease = await claimed()
  await writePage({ [lease.jobId]: snapshot(50) })
  await reader.read(lease.jobId)
  const ahead = { status: { job: lease, snapshot: snapshot(70) } }
  const seen = await reader.read(lease.jobId, markOf(ahead.status))
  expect(seen?.status.snapshot?.percent).toBe(70)
  await jobs.settle(lease, { state: 'failed', updatedAt: now })
  const ended = markOf({ job: { ...lease, state: 'failed' } })
  expect((await reader.read(lease.jobId, ended))?.status.job.state).toBe('failed')
  away = true
  const later = { ...ended, fence: 2 }
  await expect(reader.read(lease.jobId, later)).rejects.toBeInstanceOf(StoreUnavailable)
})

test('a process that has not read the page yet tells who saw more no less than they saw', async () => {
  const lease = await claimed()
  expect((await reader.read(lease.jobId))?.status.snapshot).toBeUndefined()
  const seen = await reader.read(lease.jobId, markOf({ job: lease, snapshot: snapshot(70) }))
  expect(seen?.status.snapshot).toMatchObject({ percent: 70, phase: 'converting' })
})

test('what is remembered of a job from before the store went away is not told to who saw more', async () => {
  const lease = await claimed()
  await reader.read(lease.jobId)
  away = true
  now += 2 * SECOND
  expect(await reader.read(lease.jobId)).toMatchObject({ stale: true })
  const ended = markOf({ job: { ...lease, state: 'cancelled' } })
  await expect(reader.read(lease.jobId, ended)).rejects.toBeInstanceOf(StoreUnavailable)
})

test('a job of this process is answered from memory, also while the store is away', async () => {
  const lease = await claimed()
  own = { lease, snapshot: snapshot(33), confirmed: true }
  expect(await percentOf(lease.jobId)).toBe(33)
  expect(taken()).toEqual([])
  own.confirmed = false
  away = true
  expect(await reader.read(lease.jobId)).toMatchObject({
    stale: false,
    status: { snapshot: { percent: 33 } },
  })
})

test('a process that slept does not trust its memory: the lease may be gone', async () => {
  const lease = await claimed()
  own = { lease, snapshot: snapshot(33), confirmed: false }
  await jobs.settle(lease, { state: 'failed', updatedAt: now })
  expect((await reader.read(lease.jobId))?.status.job.state).toBe('failed')
  own.confirmed = true // its page goes on, but the job was seen to have ended
  expect((await reader.read(lease.jobId))?.status.job.state).toBe('failed')
})

test('after a job has left this process, its row counts, whatever an old page says', async () => {
  const lease = await claimed()
  await writePage({ [lease.jobId]: snapshot(95) })
  own = { lease, snapshot: snapshot(99), confirmed: true }
  await reader.read(lease.jobId)
  await jobs.settle(lease, { state: 'failed', updatedAt: now })
  own = undefined
  reader.doubt(lease.jobId)
  expect((await reader.read(lease.jobId))?.status.job.state).toBe('failed')
})

test('what was read while the job left this process is read again', async () => {
  const lease = await claimed()
  await writePage({ [lease.jobId]: snapshot(50) })
  await reader.read(lease.jobId)
  now += SECOND
  const { promise, resolve } = Promise.withResolvers<undefined>()
  held = promise
  taken()
  const reading = reader.read(lease.jobId)
  await expect.poll(() => reads).toEqual(['page'])
  await jobs.settle(lease, { state: 'done', updatedAt: now })
  reader.doubt(lease.jobId)
  resolve(undefined)
  expect((await reading)?.status.job.state).toBe('done')
})

test('what is learnt late takes nothing back', async () => {
  const lease = await claimed()
  const failed: Job = { ...lease, state: 'failed' }
  reader.learn(failed)
  reader.learn(lease)
  expect((await reader.read(lease.jobId, markOf({ job: failed })))?.status.job.state).toBe('failed')
  expect(taken()).toEqual([])
})

test('who asks for a job exactly is told nothing older than the question, whatever is remembered or under way', async () => {
  const lease = await claimed()
  await writePage({ [lease.jobId]: { ...snapshot(50), etaMs: 60 * SECOND } })
  await reader.read(lease.jobId) // good for twelve seconds
  const { promise, resolve } = Promise.withResolvers<undefined>()
  held = promise
  taken()
  const early = reader.read(lease.jobId, undefined, { exactly: true })
  await expect.poll(() => reads).toEqual(['row'])
  await jobs.settle(lease, { state: 'done', updatedAt: now })
  const late = reader.read(lease.jobId, undefined, { exactly: true })
  const too = reader.read(lease.jobId, undefined, { exactly: true })
  resolve(undefined)
  await early // whatever it says: it began before the end
  expect((await late)?.status.job.state).toBe('done')
  expect((await too)?.status.job.state).toBe('done')
  taken()
  await reader.read(lease.jobId, undefined, { exactly: true })
  expect(taken()).toEqual([]) // a done job stays so
})

test('the end of a job that may have been tried again elsewhere is not told from memory', async () => {
  const lease = await claimed()
  await jobs.settle(lease, { state: 'failed', updatedAt: now })
  expect((await reader.read(lease.jobId))?.status.job.state).toBe('failed')
  const failed = await jobs.find(lease.jobId)
  if (failed) await jobs.requeue(failed, now, now + SECOND)
  expect((await reader.read(lease.jobId))?.status.job.state).toBe('queued')
})
