import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { JobRepository, Takeover } from '../../src/conversions/index.ts'
import type { Job, LeasedJob } from '../../src/conversions/job.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { newId } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { silentMeter } from '../../src/kernel/meter.ts'
import { ProgressRepository } from '../../src/progress/index.ts'
import { newJob } from '../support/jobs.ts'
import { makeTables, startStores, type SharedStores } from '../support/embedded.ts'

const DEAD_AFTER_MS = 30_000
let stores: SharedStores
let jobs: JobRepository
let pages: ProgressRepository
let now = 0
let made = 0

beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores[Symbol.asyncDispose]())

beforeEach(async () => {
  made += 1
  const prefix = `${stores.prefix}-${made}`
  await makeTables(stores, prefix)
  jobs = new JobRepository(stores.db, prefix)
  pages = new ProgressRepository(stores.db, prefix)
  now = 1_800_000_000_000
})

async function claimed(owner: string, waiting?: Job): Promise<LeasedJob> {
  const job = waiting ?? (await jobs.add(newJob(now)))
  const lease = await jobs.claim(job, { owner, nonce: newId(), now })
  if (!lease) throw new Error('The claim failed.')
  await soon(running).toContain(lease.jobId)
  return lease
}

/** Indexes may lag behind their table. */
const soon = (read: () => Promise<unknown>) => expect.poll(read, { timeout: 10_000 })
const queued = () => jobs.listQueued(10, now)
const running = async () => (await jobs.listRunning()).map(({ jobId }) => jobId)
const expired = () => jobs.listExpired(now + 1_000_000, 10)

let takeovers = 0
const holdsNone = () => false

const takeoverBy = (workerId: string) =>
  new Takeover({
    jobs,
    pages,
    workerId,
    clock: { ...systemClock, now: () => now },
    log: silentLog,
    meter: { ...silentMeter, jobTakenOver: () => (takeovers += 1) },
    deadAfterMs: DEAD_AFTER_MS,
    retentionMs: 1000,
  })

/** What a worker's page says of a job it works on. */
const lineOf = ({ jobId, fence }: LeasedJob) => ({
  [jobId]: { fence, phase: 'converting' as const, percent: 1, speed: 1, etaMs: 1, processedMs: 1, at: now },
})

const done = (job: LeasedJob) =>
  jobs.settle(job, { state: 'done', result: { key: 'k', size: 1, durationMs: 1 }, updatedAt: now })

test('of two workers that reach for one job, one gets it', async () => {
  const job = await jobs.add(newJob(now))
  const claims = ['a', 'b'].map((owner) => jobs.claim(job, { owner, nonce: newId(), now }))
  const won = (await Promise.all(claims)).filter((lease) => lease !== undefined)
  expect(won).toHaveLength(1)
  expect(await jobs.find(job.jobId)).toMatchObject({
    state: 'running',
    fence: 1,
    attempt: 1,
    owner: won[0]?.owner,
  })
})

test('a claim whose answer was lost is recognised by its nonce when it is sent again', async () => {
  const job = await jobs.add(newJob(now))
  const lease = { owner: 'a', nonce: newId(), now }
  expect(await jobs.claim(job, lease)).toMatchObject({ fence: 1 })
  expect(await jobs.claim(job, lease)).toMatchObject({ fence: 1 })
  expect(await jobs.claim(job, { ...lease, nonce: newId() })).toBeUndefined()
})

test('a job is not claimed before its time, and not listed either', async () => {
  const job = await jobs.add({ ...newJob(now), readyAt: now + 5000 })
  expect(await jobs.claim(job, { owner: 'a', nonce: newId(), now })).toBeUndefined()
  await soon(() => jobs.listQueued(10, now + 5000)).toEqual([job.jobId])
  expect(await queued()).toEqual([])
})

test('a job is always in exactly one place of the work index', async () => {
  const job = await jobs.add(newJob(now))
  const places = async () => ({
    queued: await queued(),
    running: await running(),
    expiring: await expired(),
  })
  const [here, nowhere] = [[job.jobId], []]
  await soon(places).toEqual({ queued: here, running: nowhere, expiring: nowhere })
  const lease = await jobs.claim(job, { owner: 'a', nonce: newId(), now })
  await soon(places).toEqual({ queued: nowhere, running: here, expiring: nowhere })
  if (lease) await done(lease)
  await soon(places).toEqual({ queued: nowhere, running: nowhere, expiring: here })
})

test('a worker whose page stands still for 30 seconds loses its jobs; one whose page moves does not', async () => {
  const dead = await claimed('dead')
  const alive = await claimed('alive')
  takeovers = 0
  const observer = takeoverBy('observer')
  await pages.write({ workerId: 'dead', sequence: 7, jobs: lineOf(dead), at: now })
  await pages.write({ workerId: 'alive', sequence: 7, jobs: lineOf(alive), at: now })
  expect(await observer.look(holdsNone)).toBe(0)
  now += DEAD_AFTER_MS - 1
  expect(await observer.look(holdsNone)).toBe(0)
  await pages.write({ workerId: 'alive', sequence: 8, jobs: lineOf(alive), at: now })
  now += 1
  expect(await observer.look(holdsNone)).toBe(1)
  expect(takeovers).toBe(1)
  expect(await jobs.find(dead.jobId)).toMatchObject({ state: 'queued', crashes: 1, fence: 1 })
  expect(await jobs.find(alive.jobId)).toMatchObject({ state: 'running', owner: 'alive' })
})

test('a lease that its living worker does not know of, as after a claim whose answer was lost, is taken over', async () => {
  const known = await claimed('alive')
  const unknown = await claimed('alive')
  const held = await claimed('observer')
  const observer = takeoverBy('observer')
  const look = () => observer.look((jobId) => jobId === held.jobId)
  for (const sequence of [1, 2]) {
    await pages.write({ workerId: 'alive', sequence, jobs: lineOf(known), at: now })
    if (sequence === 1) expect(await look()).toBe(0)
    now += DEAD_AFTER_MS
  }
  expect(await look()).toBe(1)
  expect(await jobs.find(unknown.jobId)).toMatchObject({ state: 'queued', crashes: 1 })
  for (const { jobId } of [known, held]) expect(await jobs.find(jobId)).toMatchObject({ state: 'running' })
  const asked = await pages.write({ workerId: 'alive', sequence: 9, jobs: {}, at: now })
  expect(asked).toEqual([{ wish: 'revoke', jobId: unknown.jobId, fence: 1 }])
})

test('an observer that could not read starts to observe anew: an outage looks like nobody died', async () => {
  await claimed('owner')
  let away = false
  const flaky = {
    read: (id: string) => (away ? Promise.reject(new Error('away')) : pages.read(id)),
    leave: pages.leave.bind(pages),
  }
  const observer = new Takeover({
    ...{
      jobs,
      pages: flaky,
      workerId: 'observer',
      log: silentLog,
      meter: silentMeter,
      deadAfterMs: DEAD_AFTER_MS,
      retentionMs: 1000,
    },
    clock: { ...systemClock, now: () => now },
  })
  expect(await observer.look(holdsNone)).toBe(0)
  away = true
  now += DEAD_AFTER_MS
  await expect(observer.look(holdsNone)).rejects.toThrow('away')
  away = false
  expect(await observer.look(holdsNone)).toBe(0)
  now += DEAD_AFTER_MS
  expect(await observer.look(holdsNone)).toBe(1)
})

test('a worker that lost its lease cannot write any more, whatever it finished', async () => {
  const zombie = await claimed('zombie')
  const observer = takeoverBy('observer')
  await observer.look(holdsNone)
  now += DEAD_AFTER_MS
  await observer.look(holdsNone)
  expect(await done(zombie)).toBe('lost')
  const job = await jobs.find(zombie.jobId)
  now += 1000
  const next = job && (await jobs.claim(job, { owner: 'next', nonce: newId(), now }))
  expect(next).toMatchObject({ fence: 2, attempt: 2 })
  expect(await done(zombie)).toBe('lost')
  expect(next && (await done(next))).toBe('settled')
})

test('a settlement whose answer was lost is recognised when it is sent again', async () => {
  const lease = await claimed('a')
  expect(await done(lease)).toBe('settled')
  expect(await done(lease)).toBe('settled')
})

test('a job that kills its worker three times is given up', async () => {
  let lease = await claimed('w1')
  for (const crash of [1, 2, 3]) {
    const observer = takeoverBy('observer')
    await observer.look(holdsNone)
    now += DEAD_AFTER_MS
    expect(await observer.look(holdsNone)).toBe(1)
    now += 10_000
    const job = await jobs.find(lease.jobId)
    if (crash < 3) lease = await claimed(`w${crash + 1}`, job)
  }
  expect(await jobs.find(lease.jobId)).toMatchObject({
    state: 'failed',
    crashes: 3,
    error: { code: 'worker-died' },
  })
})

test('a late page is dropped: progress never goes back to an older one', async () => {
  await pages.write({ workerId: 'w', sequence: 5, jobs: {}, at: now })
  await pages.write({ workerId: 'w', sequence: 4, jobs: {}, at: now + 1 })
  expect(await pages.read('w')).toMatchObject({ sequence: 5, at: now })
})

test('a waiting job is cancelled at once, and nobody gets it any more', async () => {
  const job = await jobs.add(newJob(now))
  expect(await jobs.cancelQueued(job, now, now + 1000)).toMatchObject({ state: 'cancelled' })
  expect(await jobs.find(job.jobId)).toMatchObject({ state: 'cancelled' })
  expect(await jobs.claim(job, { owner: 'a', nonce: newId(), now })).toBeUndefined()
  await soon(queued).toEqual([])
  await soon(() => jobs.listExpired(now + 1001, 10)).toEqual([job.jobId])
})

test('after a request to cancel, a job can end in no other way, whoever ends it', async () => {
  const lease = await claimed('a')
  expect(await jobs.requestCancel(lease, now)).toMatchObject({ cancelRequestedAt: now })
  expect(await done(lease)).toBe('cancel-asked')
  expect(await jobs.settle(lease, { state: 'queued', readyAt: now, updatedAt: now })).toBe('cancel-asked')
  expect(await jobs.find(lease.jobId)).toMatchObject({ state: 'running' })
  const cancelled = { state: 'cancelled' as const, updatedAt: now, finishedAt: now }
  expect(await jobs.settle(lease, cancelled)).toBe('settled')
  expect(await done(lease)).toBe('lost')
  expect(await jobs.find(lease.jobId)).toMatchObject({ state: 'cancelled' })
})

test('a job whose worker died after it was to be cancelled ends cancelled, not queued again', async () => {
  const lease = await claimed('dead')
  await jobs.requestCancel(lease, now)
  const observer = takeoverBy('observer')
  await observer.look(holdsNone)
  now += DEAD_AFTER_MS
  expect(await observer.look(holdsNone)).toBe(1)
  expect(await jobs.find(lease.jobId)).toMatchObject({ state: 'cancelled' })
  await soon(expired).toEqual([lease.jobId])
  expect(await jobs.listQueued(10, now + 100_000)).toEqual([])
})

test('a job that ended is queued again with all its attempts, and under a new fence', async () => {
  const lease = await claimed('a')
  const error = { code: 'conversion-failed' as const, message: 'm' }
  await jobs.settle(lease, { state: 'failed', error, percent: 40, finishedAt: now, updatedAt: now })
  const failed = await jobs.find(lease.jobId)
  expect(failed && (await jobs.requeue(failed, now, now + 5000))).toMatchObject({ state: 'queued' })
  const again = await jobs.find(lease.jobId)
  expect(again).toMatchObject({ state: 'queued', attempt: 1, spared: 1, crashes: 0, fence: 2 })
  expect(again).toMatchObject({ expiresAt: now + 5000 })
  expect(again).not.toHaveProperty('error')
  expect(again && (await jobs.claim(again, { owner: 'b', nonce: newId(), now }))).toMatchObject({
    fence: 3,
    attempt: 2,
  })
})

test('a request on a page reaches its worker with the next heartbeat, also before the first, and is taken off', async () => {
  const request = { wish: 'cancel' as const, jobId: newId(), fence: 3 }
  await pages.leave('w', request, now)
  expect(await pages.read('w')).toMatchObject({ sequence: 0, jobs: {} })
  expect(await pages.write({ workerId: 'w', sequence: 1, jobs: {}, at: now })).toEqual([request])
  expect(await pages.write({ workerId: 'w', sequence: 2, jobs: {}, at: now }, [request])).toEqual([])
  expect(await pages.write({ workerId: 'w', sequence: 3, jobs: {}, at: now })).toEqual([])
})
