import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { newJob } from '../../test/support/jobs.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { newId } from '../kernel/ids.ts'
import { silentLog } from '../kernel/log.ts'
import { Takeover, type TakeoverParts } from './takeover.ts'
import type { Job, LeasedJob } from './job.ts'

const DEAD_AFTER_MS = 30_000
const holdsNone = () => false

let clock: FakeClock
let stores: MemoryStores
/** What was counted and logged, in order. */
let told: unknown[]
let sequence: number

beforeEach(() => {
  clock = createFakeClock(1_000_000)
  stores = new MemoryStores(clock)
  told = []
  sequence = 0
})

function observer(parts: Partial<TakeoverParts> = {}): Takeover {
  return new Takeover({
    jobs: stores.jobs,
    pages: stores.pages,
    workerId: 'observer',
    clock,
    log: { ...silentLog, warn: (fields, sentence) => told.push([sentence, fields]) },
    meter: { jobTakenOver: () => told.push('taken over'), jobEnded: (state) => told.push(`ended ${state}`) },
    deadAfterMs: DEAD_AFTER_MS,
    retentionMs: 5000,
    ...parts,
  })
}

async function claimed(owner = 'w', values: Partial<Job> = {}): Promise<LeasedJob> {
  const job = await stores.jobs.add({ ...newJob(clock.now()), ...values })
  const lease = await stores.jobs.claim(job, { owner, nonce: newId(), now: clock.now() })
  if (!lease) throw new Error('The claim failed.')
  return lease
}

/** A worker writes its page, with these leases on it. */
async function writePage(workerId: string, leases: LeasedJob[], percent = 1): Promise<void> {
  const now = clock.now()
  const lines = leases.map(({ jobId, fence }) => {
    const line = { fence, phase: 'converting' as const, percent, speed: 1, etaMs: 1, processedMs: 1, at: now }
    return [jobId, line]
  })
  const jobs = Object.fromEntries(lines) as Record<string, never>
  await stores.pages.write({ workerId, sequence: ++sequence, jobs, at: now })
}

/** Looks, waits until a silent worker counts as dead, and looks again. */
async function takeFrom(takeover: Takeover): Promise<number> {
  expect(await takeover.look(holdsNone)).toBe(0)
  await clock.advance(DEAD_AFTER_MS)
  return takeover.look(holdsNone)
}

const find = ({ jobId }: LeasedJob) => stores.jobs.find(jobId)

describe('a lease counts as dead', () => {
  test('when its page has stood still for 30 s between two looks, and not a millisecond earlier', async () => {
    const lease = await claimed()
    await writePage('w', [lease])
    const takeover = observer()
    expect(await takeover.look(holdsNone)).toBe(0)
    await clock.advance(DEAD_AFTER_MS - 1)
    expect(await takeover.look(holdsNone)).toBe(0)
    await clock.advance(1)
    expect(await takeover.look(holdsNone)).toBe(1)
    expect(await find(lease)).toMatchObject({ state: 'queued', crashes: 1 })
  })

  test('never at the first look, however long the worker has been silent', async () => {
    const lease = await claimed()
    await writePage('w', [lease])
    await clock.advance(1_000_000)
    expect(await observer().look(holdsNone)).toBe(0)
  })

  test('at the second look, where nobody else uses the stores', async () => {
    await claimed()
    const takeover = observer({ deadAfterMs: 0 })
    expect(await takeover.look(holdsNone)).toBe(0)
    expect(await takeover.look(holdsNone)).toBe(1)
  })

  test('when its worker never wrote a page', async () => {
    const lease = await claimed()
    expect(await takeFrom(observer())).toBe(1)
    expect(await find(lease)).toMatchObject({ state: 'queued' })
  })

  test('when the page of its worker moves and does not tell of it: the claim was never heard of', async () => {
    const known = await claimed('w')
    const unknown = await claimed('w')
    const takeover = observer()
    await writePage('w', [known])
    expect(await takeover.look(holdsNone)).toBe(0)
    await clock.advance(DEAD_AFTER_MS)
    await writePage('w', [known])
    expect(await takeover.look(holdsNone)).toBe(1)
    expect(await find(known)).toMatchObject({ state: 'running' })
    expect(await find(unknown)).toMatchObject({ state: 'queued' })
  })

  test('in any case by what was seen since the page last moved', async () => {
    const lease = await claimed()
    const takeover = observer()
    await writePage('w', [lease])
    await takeover.look(holdsNone)
    await clock.advance(20_000)
    await writePage('w', [lease])
    expect(await takeover.look(holdsNone)).toBe(0)
    await clock.advance(20_000)
    expect(await takeover.look(holdsNone)).toBe(0)
    await clock.advance(10_000)
    expect(await takeover.look(holdsNone)).toBe(1)
  })
})

describe('a lease lives on', () => {
  test('when the job is held by the process that looks', async () => {
    const lease = await claimed()
    const takeover = observer()
    const holds = (jobId: string) => jobId === lease.jobId
    expect(await takeover.look(holds)).toBe(0)
    await clock.advance(DEAD_AFTER_MS)
    expect(await takeover.look(holds)).toBe(0)
    expect(await find(lease)).toMatchObject({ state: 'running' })
  })

  test('after a look that failed, until a whole silence has been seen anew', async () => {
    await claimed()
    const takeover = observer()
    await takeover.look(holdsNone)
    stores.away = true
    await clock.advance(DEAD_AFTER_MS)
    await expect(takeover.look(holdsNone)).rejects.toThrow()
    stores.away = false
    expect(await takeover.look(holdsNone)).toBe(0)
    await clock.advance(DEAD_AFTER_MS - 1)
    expect(await takeover.look(holdsNone)).toBe(0)
    await clock.advance(1)
    expect(await takeover.look(holdsNone)).toBe(1)
  })

  test('when another worker has taken the job since: its silence begins anew', async () => {
    const lease = await claimed('first')
    const takeover = observer()
    await takeover.look(holdsNone)
    await clock.advance(DEAD_AFTER_MS)
    await stores.jobs.settle(lease, { state: 'queued', readyAt: clock.now(), updatedAt: clock.now() })
    const again = await find(lease)
    if (again) await stores.jobs.claim(again, { owner: 'second', nonce: newId(), now: clock.now() })
    expect(await takeover.look(holdsNone)).toBe(0)
    expect(await find(lease)).toMatchObject({ state: 'running', owner: 'second' })
  })

  test('when the same worker has it under a new fence', async () => {
    const lease = await claimed('w')
    await writePage('w', [lease])
    const takeover = observer()
    await takeover.look(holdsNone)
    await clock.advance(DEAD_AFTER_MS)
    sequence -= 1 // as a new process of that name begins again
    await stores.pages.write({ workerId: 'w', sequence: 2, jobs: {}, at: clock.now() })
    await writePage('w', [{ ...lease, fence: 2 }])
    expect(await takeover.look(holdsNone)).toBe(0)
  })

  test('when the job has left the list between two looks and come back', async () => {
    const lease = await claimed()
    const takeover = observer()
    await takeover.look(holdsNone)
    await clock.advance(20_000)
    await stores.jobs.settle(lease, { state: 'queued', readyAt: clock.now(), updatedAt: clock.now() })
    await takeover.look(holdsNone)
    const again = await find(lease)
    if (again) await stores.jobs.claim(again, { owner: 'w', nonce: newId(), now: clock.now() })
    await clock.advance(10_000)
    expect(await takeover.look(holdsNone)).toBe(0)
  })
})

describe('the index is late', () => {
  /** The list of running jobs as it was; rows as they are, or as told. */
  function lateBy(lease: LeasedJob, owner = lease.owner, find = (jobId: string) => stores.jobs.find(jobId)) {
    const listRunning = () => Promise.resolve([{ jobId: lease.jobId, owner }])
    const settle: TakeoverParts['jobs']['settle'] = (...args) => stores.jobs.settle(...args)
    return observer({ jobs: { listRunning, find, settle } })
  }

  test('a job that has ended meanwhile is left alone', async () => {
    const lease = await claimed()
    await stores.jobs.settle(lease, { state: 'done', updatedAt: clock.now() })
    expect(await takeFrom(lateBy(lease))).toBe(0)
    expect(await find(lease)).toMatchObject({ state: 'done' })
  })

  test('a job that somebody else holds by now is left alone', async () => {
    const lease = await claimed('new owner')
    expect(await takeFrom(lateBy(lease, 'old owner'))).toBe(0)
    expect(await find(lease)).toMatchObject({ state: 'running', owner: 'new owner' })
  })

  test('a job that moves between the look at its row and the write counts for whoever moved it', async () => {
    const lease = await claimed()
    const late = lateBy(lease, lease.owner, () => Promise.resolve(lease))
    await late.look(holdsNone)
    await clock.advance(DEAD_AFTER_MS)
    await stores.jobs.settle(lease, { state: 'done', updatedAt: clock.now() })
    expect(await late.look(holdsNone)).toBe(0)
    expect(await find(lease)).toMatchObject({ state: 'done' })
    expect(told).toEqual([])
  })

  test('a job that is cancelled meanwhile by its worker is not cancelled twice', async () => {
    const lease = await claimed()
    await stores.jobs.requestCancel(lease, clock.now())
    const settle: TakeoverParts['jobs']['settle'] = async (job, values) => {
      const outcome = await stores.jobs.settle(job, values)
      if (outcome === 'cancel-asked') await stores.jobs.settle(job, { state: 'cancelled', updatedAt: 1 })
      return outcome
    }
    const { jobs } = stores
    const parts = { listRunning: () => jobs.listRunning(), find: (jobId: string) => jobs.find(jobId), settle }
    expect(await takeFrom(observer({ jobs: parts }))).toBe(0)
    expect(told).toEqual([])
  })

  test('a job that is gone is left alone', async () => {
    const lease = { ...(await claimed()), jobId: newId() }
    expect(await takeFrom(lateBy(lease))).toBe(0)
  })
})

describe('a job that is taken', () => {
  test('waits longer with each worker that died over it, and no attempt is spared', async () => {
    for (const crashes of [0, 1]) {
      const lease = await claimed('w', { crashes })
      await takeFrom(observer())
      const readyAt = clock.now() + 1000 * 2 ** crashes
      expect(await find(lease)).toMatchObject({
        state: 'queued',
        crashes: crashes + 1,
        spared: 0,
        readyAt,
        updatedAt: clock.now(),
      })
    }
  })

  test('is given up when it has killed a third worker, as far as its page says it was', async () => {
    const lease = await claimed('w', { crashes: 2 })
    await writePage('w', [lease], 61)
    expect(await takeFrom(observer())).toBe(1)
    expect(await find(lease)).toMatchObject({
      state: 'failed',
      crashes: 3,
      percent: 61,
      error: { code: 'worker-died' },
      expiresAt: clock.now() + 5000,
    })
    expect(told).toContain('ended failed')
  })

  test('ends cancelled where somebody asked for that, also when it would have been given up', async () => {
    for (const crashes of [0, 2]) {
      const lease = await claimed('w', { crashes })
      await stores.jobs.requestCancel(lease, clock.now())
      expect(await takeFrom(observer())).toBe(1)
      expect(await find(lease)).toMatchObject({
        state: 'cancelled',
        percent: 0,
        expiresAt: clock.now() + 5000,
      })
    }
    expect(told.filter((one) => one === 'ended cancelled')).toHaveLength(2)
  })

  test('is told to its old owner, who may only have slept', async () => {
    const lease = await claimed('w')
    await takeFrom(observer())
    const requests = await stores.pages.write({ workerId: 'w', sequence: 1, jobs: {}, at: clock.now() })
    expect(requests).toEqual([{ wish: 'revoke', jobId: lease.jobId, fence: lease.fence }])
  })

  test('is counted and logged', async () => {
    const { jobId } = await claimed('w')
    await takeFrom(observer())
    expect(told).toEqual([
      ['job taken from a dead worker', { jobId, owner: 'w', crashes: 1, state: 'queued' }],
      'taken over',
    ])
  })

  test('is logged and counted as what became of it', async () => {
    const lease = await claimed('w')
    await stores.jobs.requestCancel(lease, clock.now())
    await takeFrom(observer())
    expect(told).toEqual([
      ['job taken from a dead worker', { jobId: lease.jobId, owner: 'w', crashes: 1, state: 'cancelled' }],
      'taken over',
      'ended cancelled',
    ])
  })

  test('is taken even if its old owner cannot be told', async () => {
    const { jobId } = await claimed('w')
    const err = new Error('away')
    const pages = { read: () => Promise.resolve(undefined), leave: () => Promise.reject(err) }
    expect(await takeFrom(observer({ pages }))).toBe(1)
    expect(told.at(-1)).toEqual(['revocation not left', { err, jobId, owner: 'w' }])
  })
})

test('the page of a worker is read once a look, however many of its jobs are on it', async () => {
  for (const owner of ['a', 'a', 'a', 'b']) await claimed(owner)
  const read: string[] = []
  const pages = {
    read: (owner: string) => Promise.resolve(void read.push(owner)),
    leave: stores.pages.leave.bind(stores.pages),
  }
  await observer({ pages }).look(holdsNone)
  expect(read.sort()).toEqual(['a', 'b'])
})
