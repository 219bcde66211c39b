import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, settled, type FakeClock } from '../../test/support/fake-clock.ts'
import { newJob } from '../../test/support/jobs.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { StoreUnavailable } from '../aws/index.ts'
import { newId } from '../kernel/ids.ts'
import { heartbeatTiming, type Snapshot } from '../progress/index.ts'
import { JobReader } from './job-reader.ts'
import type { Settlement } from './job-repository.ts'
import type { Job, LeasedJob } from './job.ts'
import { markOf, type Mark } from './mark.ts'
import { PageView } from './page-view.ts'
import { QueueView } from './queue-view.ts'

const ROW = 'jobs BatchGet'
const PAGE = 'progress BatchGet'
const QUEUE = 'jobs Query'
const STROKE_MS = 250

let clock: FakeClock
let stores: MemoryStores
let reader: JobReader
/** What the worker of this process holds. */
let own: { lease: LeasedJob; snapshot: Snapshot; confirmed: boolean } | undefined
/** What each look-up was counted as. */
let hits: [record: string, hit: boolean][]
let sequence: number

beforeEach(() => {
  clock = createFakeClock()
  stores = new MemoryStores(clock)
  own = undefined
  hits = []
  sequence = 0
  reader = new JobReader({
    jobs: stores.jobs,
    page: { snapshotOf: () => own?.snapshot, isConfirmed: () => own?.confirmed ?? false },
    pages: new PageView(stores.pages, clock, heartbeatTiming(30_000)),
    queue: new QueueView(stores.jobs, clock),
    leaseOf: () => own?.lease,
    clock,
    meter: { recordRead: (...counted) => hits.push(counted) },
  })
})

const snapshot = (percent: number, { fence = 1, etaMs = 0 } = {}): Snapshot => {
  const now = clock.now()
  return { fence, phase: 'converting', percent, speed: 1, etaMs, processedMs: 1, at: now }
}

const queued = (): Promise<Job> => stores.jobs.add(newJob(clock.now()))

async function claimed(job?: Job): Promise<LeasedJob> {
  const lease = { owner: 'w', nonce: newId(), now: clock.now() }
  const held = await stores.jobs.claim(job ?? (await queued()), lease)
  if (!held) throw new Error('The claim failed.')
  return held
}

/** The worker `w` writes its page, with these jobs on it. */
const writePage = (jobs: Record<string, Snapshot>) =>
  stores.pages.write({ workerId: 'w', sequence: ++sequence, jobs, at: clock.now() })

const settle = (lease: LeasedJob, values: Settlement) =>
  stores.jobs.settle(lease, { updatedAt: clock.now(), ...values })

async function ended(state: 'done' | 'failed' | 'cancelled'): Promise<Job> {
  const lease = await claimed()
  await settle(lease, { state })
  return { ...lease, state }
}

/** What a look at the job asks of the stores. */
async function callsOf(jobId: string, after?: Mark, options?: { exactly: boolean }): Promise<string[]> {
  stores.takeCalls()
  await reader.read(jobId, after, options)
  return stores.takeCalls()
}

const stateOf = async (jobId: string, after?: Mark) => (await reader.read(jobId, after))?.status.job.state
const percentOf = async (jobId: string) => (await reader.read(jobId))?.status.snapshot?.percent
const nextStroke = (ms: number) => Math.ceil(ms / STROKE_MS) * STROKE_MS

describe('how long an answer is good', () => {
  /** Reads the job once and again: just before, and at, the moment until which the first answer was to be good. */
  async function lifeOf(jobId: string, after?: Mark): Promise<number> {
    const readAt = clock.now()
    const nextAt = (await reader.read(jobId, after))?.nextAt ?? 0
    await clock.advance(nextAt - 1 - clock.now())
    expect(await callsOf(jobId, after)).toEqual([])
    await clock.advance(1)
    expect(await callsOf(jobId, after)).not.toEqual([])
    expect(nextAt % STROKE_MS).toBe(0)
    return nextAt - nextStroke(readAt)
  }

  test('the next job of the queue is good for a second', async () => {
    const { jobId } = await queued()
    expect(await lifeOf(jobId)).toBe(1000)
  })

  test('a job that waits behind seven others is good for longer', async () => {
    for (let before = 0; before < 7; before++) await queued()
    await clock.advance(1)
    const { jobId } = await queued()
    expect(await lifeOf(jobId)).toBe(4000)
  })

  test('a running job is good for a fifth of the time it has left', async () => {
    const { jobId } = await claimed()
    await writePage({ [jobId]: snapshot(1, { etaMs: 20_000 }) })
    expect(await lifeOf(jobId)).toBe(4000)
  })

  test('a done job is good for a minute', async () => {
    const { jobId } = await ended('done')
    const { nextAt } = (await reader.read(jobId)) ?? { nextAt: 0 }
    expect(nextAt).toBe(nextStroke(clock.now() + 60_000))
    await clock.advance(nextAt - 1 - clock.now())
    expect(await callsOf(jobId)).toEqual([])
    await clock.advance(1)
    expect(await callsOf(jobId)).toEqual([ROW])
  })

  test.each(['failed', 'cancelled'] as const)(
    'a %s job is good for five seconds for those who saw it end',
    async (state) => {
      const job = await ended(state)
      expect(await lifeOf(job.jobId, markOf({ job }))).toBe(5000)
    },
  )

  test('that there is no such job is known for a second', async () => {
    const job = newJob(clock.now())
    expect(await reader.read(job.jobId)).toBeUndefined()
    await stores.jobs.add(job)
    await clock.advance(999)
    expect(await callsOf(job.jobId)).toEqual([])
    await clock.advance(STROKE_MS)
    expect(await stateOf(job.jobId)).toBe('queued')
  })

  test('what was read within a quarter of a second becomes old together', async () => {
    const early = await claimed()
    const late = await claimed()
    await writePage({ [early.jobId]: snapshot(1), [late.jobId]: snapshot(1) })
    const first = await reader.read(early.jobId)
    await clock.advance(200)
    const second = await reader.read(late.jobId)
    expect(second?.nextAt).toBe(first?.nextAt)
  })
})

describe('one read for many', () => {
  test('a hundred who ask at the same time cost one read of the row and one of the page', async () => {
    const { jobId } = await claimed()
    await writePage({ [jobId]: snapshot(40) })
    stores.takeCalls()
    const all = await Promise.all(Array.from({ length: 100 }, () => reader.read(jobId)))
    expect(new Set(all.map((seen) => seen?.status.snapshot?.percent))).toEqual(new Set([40]))
    expect(stores.takeCalls()).toEqual([ROW, PAGE])
  })

  test('who shares the read of another, or is told from memory, is counted as a hit', async () => {
    const { jobId } = await queued()
    await Promise.all([reader.read(jobId), reader.read(jobId)])
    await reader.read(jobId)
    expect(hits).toEqual([
      ['job', false],
      ['job', true],
      ['job', true],
    ])
  })

  test('a read that failed is not shared with those who ask later', async () => {
    const { jobId } = await queued()
    stores.away = true
    await expect(reader.read(jobId)).rejects.toBeInstanceOf(StoreUnavailable)
    stores.away = false
    expect(await stateOf(jobId)).toBe('queued')
  })

  test('a queued job is told with its place', async () => {
    await queued()
    await clock.advance(1)
    const { jobId } = await queued()
    stores.takeCalls()
    expect((await reader.read(jobId))?.status.queuePosition).toBe(2)
    expect(stores.takeCalls()).toEqual([ROW, QUEUE])
  })
})

describe('nobody is told less than they have seen', () => {
  test('who saw a later state has the row read, however fresh the answer is', async () => {
    const lease = await claimed()
    await writePage({ [lease.jobId]: snapshot(50, { etaMs: 60_000 }) })
    await reader.read(lease.jobId)
    await settle(lease, { state: 'done' })
    const saw = markOf({ job: { ...lease, state: 'done' } })
    stores.takeCalls()
    expect(await stateOf(lease.jobId, saw)).toBe('done')
    expect(stores.takeCalls()).toEqual([ROW])
  })

  test('who saw just as much is told from memory', async () => {
    const { jobId, ...lease } = await claimed()
    await writePage({ [jobId]: snapshot(50, { etaMs: 60_000 }) })
    await reader.read(jobId)
    expect(await callsOf(jobId, markOf({ job: { jobId, ...lease } }))).toEqual([])
  })

  test('a few percent more are no reason to read: they are told back', async () => {
    const lease = await claimed()
    await writePage({ [lease.jobId]: snapshot(50, { etaMs: 60_000 }) })
    await reader.read(lease.jobId)
    const saw = markOf({ job: lease, snapshot: snapshot(70) })
    stores.takeCalls()
    expect((await reader.read(lease.jobId, saw))?.status.snapshot?.percent).toBe(70)
    expect(stores.takeCalls()).toEqual([])
  })

  test('a page that does not reach what somebody saw is followed by a read of the row', async () => {
    const lease = await claimed()
    await writePage({ [lease.jobId]: snapshot(50) })
    await reader.read(lease.jobId)
    await settle(lease, { state: 'cancelled' })
    await clock.advance(1250)
    await writePage({ [lease.jobId]: snapshot(60) })
    stores.takeCalls()
    expect(await stateOf(lease.jobId, markOf({ job: { ...lease, state: 'cancelled' } }))).toBe('cancelled')
    expect(stores.takeCalls()).toEqual([PAGE, ROW])
  })

  test('a mark that was made up costs one read of the row each time, and is told what is there', async () => {
    const lease = await claimed()
    const made = { fence: 9, stage: 3, permille: 0 }
    expect(await stateOf(lease.jobId, made)).toBe('running')
    expect(await stateOf(lease.jobId, made)).toBe('running')
  })
})

describe('exactly', () => {
  test('a fresh answer does not do, and the page does not either', async () => {
    const lease = await claimed()
    await writePage({ [lease.jobId]: snapshot(50, { etaMs: 60_000 }) })
    await reader.read(lease.jobId)
    await settle(lease, { state: 'failed' })
    stores.takeCalls()
    const seen = await reader.read(lease.jobId, undefined, { exactly: true })
    expect(seen?.status.job.state).toBe('failed')
    expect(stores.takeCalls()).toEqual([ROW])
  })

  test('a read that began before the question does not do', async () => {
    const lease = await claimed()
    const letGo = stores.holdAnswers()
    const early = reader.read(lease.jobId, undefined, { exactly: true })
    await settled()
    void settle(lease, { state: 'done' })
    await settled()
    const late = reader.read(lease.jobId, undefined, { exactly: true })
    letGo()
    expect((await early)?.status.job.state).toBe('running')
    expect((await late)?.status.job.state).toBe('done')
  })

  test('a read under way that fails is no reason to fail', async () => {
    const { jobId } = await claimed()
    const letGo = stores.holdAnswers()
    stores.away = true
    const early = expect(reader.read(jobId, undefined, { exactly: true })).rejects.toThrow(StoreUnavailable)
    await settled()
    stores.away = false
    const late = reader.read(jobId, undefined, { exactly: true })
    letGo()
    await early
    expect((await late)?.status.job.state).toBe('running')
  })

  test('a done job stays so: memory does', async () => {
    const { jobId } = await ended('done')
    await reader.read(jobId)
    expect(await callsOf(jobId, undefined, { exactly: true })).toEqual([])
  })

  test('an ended job that may have been tried again is read by whoever did not see it end', async () => {
    const job = await ended('cancelled')
    await reader.read(job.jobId)
    await stores.jobs.requeue(job, clock.now(), clock.now() + 1000)
    expect(await stateOf(job.jobId)).toBe('queued')
  })
})

describe('news of this process', () => {
  test('an end that was learnt is good for five seconds, without a read', async () => {
    const job = await ended('failed')
    reader.learn(job)
    const learntAt = clock.now()
    await clock.advance(4999)
    expect(await reader.read(job.jobId, markOf({ job }))).toMatchObject({ stale: false, asOf: learntAt })
    expect(await callsOf(job.jobId, markOf({ job }))).toEqual([])
    await clock.advance(1)
    expect(await callsOf(job.jobId, markOf({ job }))).toEqual([ROW])
  })

  test('a job that was learnt and has not ended is read with the next question', async () => {
    const job = await queued()
    reader.learn(job)
    expect(await callsOf(job.jobId)).toEqual([ROW, QUEUE])
  })

  test('news that comes late takes nothing back', async () => {
    const lease = await claimed()
    const failed: Job = { ...lease, state: 'failed' }
    reader.learn(failed)
    reader.learn(lease)
    expect(await stateOf(lease.jobId, markOf({ job: failed }))).toBe('failed')
  })

  test('news of the same state takes no progress back', async () => {
    const lease = await claimed()
    await writePage({ [lease.jobId]: snapshot(50) })
    await reader.read(lease.jobId)
    await clock.advance(1250)
    reader.learn({ ...lease, cancelRequestedAt: clock.now() })
    stores.away = true
    const seen = await reader.read(lease.jobId)
    expect(seen).toMatchObject({ stale: true, status: { snapshot: { percent: 50 } } })
    expect(seen?.status.job.cancelRequestedAt).toBe(clock.now())
  })

  test('after doubt only the row counts, whatever a living page says', async () => {
    const lease = await claimed()
    await writePage({ [lease.jobId]: snapshot(95, { etaMs: 60_000 }) })
    await reader.read(lease.jobId)
    await settle(lease, { state: 'failed' })
    reader.doubt(lease.jobId)
    expect(await stateOf(lease.jobId)).toBe('failed')
  })

  test('doubt ends with the next read', async () => {
    const { jobId } = await claimed()
    await writePage({ [jobId]: snapshot(10) })
    await reader.read(jobId)
    reader.doubt(jobId)
    expect(await callsOf(jobId)).toContain(ROW)
    await clock.advance(1250)
    await writePage({ [jobId]: snapshot(20) })
    expect(await callsOf(jobId)).toEqual([PAGE])
  })

  test('doubt about a job that nobody has asked for is no knowledge of it', async () => {
    const { jobId } = await claimed()
    reader.doubt(jobId)
    stores.away = true
    await expect(reader.read(jobId)).rejects.toBeInstanceOf(StoreUnavailable)
  })

  test('a job that moved while it was read for the first time is read again', async () => {
    const lease = await claimed()
    const letGo = stores.holdAnswers()
    const reading = reader.read(lease.jobId)
    await settled()
    void settle(lease, { state: 'failed' })
    reader.doubt(lease.jobId)
    letGo()
    expect((await reading)?.status.job.state).toBe('failed')
  })

  test('what was learnt while the row was read is told, where it is newer', async () => {
    const lease = await claimed()
    const letGo = stores.holdAnswers()
    const reading = reader.read(lease.jobId)
    await settled()
    reader.learn({ ...lease, state: 'done' })
    letGo()
    expect((await reading)?.status.job.state).toBe('done')
  })

  test('what was learnt while the row was read is dropped, where the row is newer', async () => {
    const job = await queued()
    const lease = await claimed(job)
    const letGo = stores.holdAnswers()
    const reading = reader.read(job.jobId)
    await settled()
    reader.learn(job)
    letGo()
    expect((await reading)?.status.job).toMatchObject({ state: 'running', fence: lease.fence })
  })

  test('what was read before somebody doubted it is read again, and not from the page', async () => {
    const lease = await claimed()
    await writePage({ [lease.jobId]: snapshot(50) })
    await reader.read(lease.jobId)
    await clock.advance(1250)
    await writePage({ [lease.jobId]: snapshot(60) })
    const letGo = stores.holdAnswers()
    stores.takeCalls()
    const reading = reader.read(lease.jobId)
    await settled()
    void settle(lease, { state: 'failed' })
    reader.doubt(lease.jobId)
    letGo()
    expect((await reading)?.status.job.state).toBe('failed')
    expect(stores.takeCalls()).toEqual([PAGE, 'jobs Update', ROW])
  })

  test('a job that is gone from the store is not told from what was learnt before the read began', async () => {
    const job = newJob(clock.now())
    reader.learn(job)
    expect(await reader.read(job.jobId)).toBeUndefined()
  })
})

describe('jobs of this process', () => {
  test('are answered from memory while the store confirms them', async () => {
    const lease = await claimed()
    own = { lease, snapshot: snapshot(33), confirmed: true }
    stores.takeCalls()
    const seen = await reader.read(lease.jobId, undefined, { exactly: true })
    expect(seen).toMatchObject({ stale: false, asOf: clock.now(), status: { snapshot: { percent: 33 } } })
    expect(seen?.nextAt).toBe(nextStroke(clock.now() + 1000))
    expect(stores.takeCalls()).toEqual([])
    expect(hits).toEqual([['job', true]])
  })

  test('are read where the store has not confirmed them of late', async () => {
    const lease = await claimed()
    own = { lease, snapshot: snapshot(33), confirmed: false }
    expect(await callsOf(lease.jobId)).toContain(ROW)
  })

  test('are read where somebody saw them further', async () => {
    const lease = await claimed()
    own = { lease, snapshot: snapshot(33), confirmed: true }
    await settle(lease, { state: 'done' })
    expect(await stateOf(lease.jobId, markOf({ job: { ...lease, state: 'done' } }))).toBe('done')
  })

  test('are known to be lost where the job is known to be further', async () => {
    const lease = await claimed()
    own = { lease, snapshot: snapshot(33), confirmed: true }
    reader.learn({ ...lease, state: 'queued', fence: lease.fence + 1 })
    expect(await callsOf(lease.jobId)).toContain(ROW)
  })

  test('are told while the store is away, and as stale to those who ask exactly', async () => {
    const lease = await claimed()
    own = { lease, snapshot: snapshot(33), confirmed: false }
    stores.away = true
    expect(await reader.read(lease.jobId)).toMatchObject({
      stale: false,
      status: { snapshot: { percent: 33 } },
    })
    expect(await reader.read(lease.jobId, undefined, { exactly: true })).toMatchObject({ stale: true })
  })

  test('count by their row alone once they have left, since their page may be old', async () => {
    const lease = await claimed()
    await writePage({ [lease.jobId]: snapshot(95) })
    own = { lease, snapshot: snapshot(99), confirmed: true }
    await reader.read(lease.jobId)
    await settle(lease, { state: 'done' })
    own = undefined
    await clock.advance(1250)
    expect(await stateOf(lease.jobId)).toBe('done')
  })
})

describe('while the store is away', () => {
  test('what was last known is told as stale, as of when it was known, and the store is left alone for two seconds', async () => {
    const { jobId } = await claimed()
    await writePage({ [jobId]: snapshot(50) })
    const before = await reader.read(jobId)
    stores.away = true
    await clock.advance(1250)
    const stale = await reader.read(jobId)
    expect(stale).toMatchObject({ stale: true, asOf: before?.asOf, nextAt: clock.now() + 2000 })
    expect(stale?.status.snapshot?.percent).toBe(50)
    await clock.advance(1999)
    expect(await callsOf(jobId)).toEqual([])
    await clock.advance(1)
    expect(await callsOf(jobId)).not.toEqual([])
  })

  test('what comes back is told as fresh again', async () => {
    const { jobId } = await claimed()
    await reader.read(jobId)
    stores.away = true
    await clock.advance(1250)
    await reader.read(jobId)
    stores.away = false
    await clock.advance(2000)
    expect(await reader.read(jobId)).toMatchObject({ stale: false, asOf: clock.now() })
  })

  test('a job that nobody knows is not said to be absent', async () => {
    stores.away = true
    await expect(reader.read(newId())).rejects.toBeInstanceOf(StoreUnavailable)
  })

  test('a job that was not there before may be there now', async () => {
    const jobId = newId()
    await reader.read(jobId)
    stores.away = true
    await clock.advance(1250)
    await expect(reader.read(jobId)).rejects.toBeInstanceOf(StoreUnavailable)
  })

  test('who saw more than is known is told nothing', async () => {
    const lease = await claimed()
    await reader.read(lease.jobId)
    stores.away = true
    const saw = markOf({ job: { ...lease, state: 'done' } })
    await expect(reader.read(lease.jobId, saw)).rejects.toBeInstanceOf(StoreUnavailable)
  })

  test('an error that is no outage is thrown, whatever is known', async () => {
    const job = await queued()
    await reader.read(job.jobId)
    await clock.advance(1250)
    stores.tables.get('unit-jobs')?.put({ jobId: job.jobId, state: 'no state' }, {})
    await expect(reader.read(job.jobId)).rejects.toThrow(/state/)
  })
})

describe('a running job is told from its row or from its page', () => {
  test('the row is read once, then the page of a living worker', async () => {
    const { jobId } = await claimed()
    for (const percent of [10, 20, 30]) {
      await writePage({ [jobId]: snapshot(percent) })
      stores.takeCalls()
      expect(await percentOf(jobId)).toBe(percent)
      expect(stores.takeCalls()).toEqual(percent === 10 ? [ROW, PAGE] : [PAGE])
      await clock.advance(1250)
    }
  })

  test('asOf is when the page was read, not when it was asked for', async () => {
    const first = await claimed()
    const second = await claimed()
    await writePage({ [first.jobId]: snapshot(10), [second.jobId]: snapshot(10) })
    await reader.read(first.jobId)
    await reader.read(second.jobId)
    await clock.advance(1250)
    const readAt = clock.now()
    await reader.read(first.jobId)
    await clock.advance(800)
    expect((await reader.read(second.jobId))?.asOf).toBe(readAt)
  })

  test('a page that has not moved for long proves nothing: the row is read', async () => {
    const { jobId } = await claimed()
    await writePage({ [jobId]: snapshot(50) })
    await reader.read(jobId)
    await clock.advance(5001)
    expect(await callsOf(jobId)).toContain(ROW)
  })

  test('a page that tells of an older lease says nothing of the job', async () => {
    const { jobId } = await claimed()
    await writePage({ [jobId]: snapshot(50, { fence: 0 }) })
    const seen = await reader.read(jobId)
    expect(seen?.status.job.state).toBe('running')
    expect(seen?.status.snapshot).toBeUndefined()
  })

  test('a page that is gone takes no progress back while the lease is the same', async () => {
    const { jobId } = await claimed()
    await writePage({ [jobId]: snapshot(50) })
    await reader.read(jobId)
    await clock.advance(1250)
    await writePage({})
    expect(await percentOf(jobId)).toBe(50)
  })

  test('progress begins anew with the next lease', async () => {
    const lease = await claimed()
    await writePage({ [lease.jobId]: snapshot(50) })
    await reader.read(lease.jobId)
    await settle(lease, { state: 'queued' })
    await claimed({ ...lease, state: 'queued' })
    await clock.advance(1250)
    await writePage({ [lease.jobId]: snapshot(5, { fence: 2 }) })
    expect(await percentOf(lease.jobId)).toBe(5)
  })

  test('an ended job has no progress, whatever was known of it', async () => {
    const lease = await claimed()
    await writePage({ [lease.jobId]: snapshot(50) })
    await reader.read(lease.jobId)
    await settle(lease, { state: 'failed' })
    await writePage({})
    await clock.advance(1250)
    const seen = await reader.read(lease.jobId)
    expect(seen?.status.job.state).toBe('failed')
    expect(seen?.status.snapshot).toBeUndefined()
  })
})
