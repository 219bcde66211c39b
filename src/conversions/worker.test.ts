import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, settled, type FakeClock } from '../../test/support/fake-clock.ts'
import { newJob } from '../../test/support/jobs.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { StoreUnavailable } from '../aws/index.ts'
import { newId } from '../kernel/ids.ts'
import { silentLog } from '../kernel/log.ts'
import { silentMeter } from '../kernel/meter.ts'
import { noTracing } from '../kernel/tracing.ts'
import { heartbeatTiming, OwnPage } from '../progress/index.ts'
import type { Job } from './job.ts'
import type { Outcome, RunningJob } from './run-job.ts'
import { Worker, type WorkerParts } from './worker.ts'

const outcome: Outcome = { key: 'k', sizeBytes: 1, durationMs: 1, warnings: [], changes: [], log: '' }

let clock: FakeClock
let stores: MemoryStores
/** Conversions under way, by the ids of their jobs; each ends when it is told to. */
let underWay: Map<string, RunningJob & { end: (error?: Error) => void }>
let ended: string[]
let warned: string[]
/** How often somebody looked for jobs of the dead, and what was held then. */
let looks: ((jobId: string) => boolean)[]
/** Whether the store of objects answers, and how often that was asked. */
let objects: { answer: () => Promise<boolean>; asked: number }
let parts: WorkerParts

beforeEach(() => {
  clock = createFakeClock()
  stores = new MemoryStores(clock)
  underWay = new Map()
  ended = []
  warned = []
  looks = []
  objects = { answer: () => Promise.resolve(true), asked: 0 }
  const log = { ...silentLog, warn: (_: object, sentence: string) => warned.push(sentence) }
  const timing = heartbeatTiming(30_000)
  const page = new OwnPage({
    repository: stores.pages,
    workerId: 'w',
    clock,
    log,
    meter: silentMeter,
    timing,
  })
  parts = {
    jobs: stores.jobs,
    results: { putText: () => Promise.resolve(), findReceipt: () => Promise.resolve(undefined) },
    page,
    timing,
    run: convert,
    takeover: { look: (holds) => Promise.resolve(looks.push(holds) - looks.length) },
    workerId: 'w',
    concurrency: 2,
    objectsAnswer: () => {
      objects.asked += 1
      return objects.answer()
    },
    onEnded: (jobId) => ended.push(jobId),
    clock,
    log,
    meter: silentMeter,
    tracing: noTracing,
    random: () => 1,
    retentionMs: 1000,
  }
})

function convert(running: RunningJob): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    running.signal.throwIfAborted()
    const end = (error?: Error) => {
      underWay.delete(running.job.jobId)
      if (error) reject(error)
      else resolve(outcome)
    }
    running.signal.addEventListener('abort', () => end(running.signal.reason as Error), { once: true })
    underWay.set(running.job.jobId, { ...running, end })
  })
}

const queue = (values: Partial<Job> = {}) => stores.jobs.add({ ...newJob(clock.now()), ...values })
const stateOf = async ({ jobId }: Job) => (await stores.jobs.find(jobId))?.state
const idsOf = (jobs: Job[]) => jobs.map(({ jobId }) => jobId)

async function started(): Promise<Worker> {
  const worker = new Worker(parts)
  worker.start()
  await settled()
  return worker
}

/** Stops the worker, with whatever is still under way. */
async function stop(worker: Worker): Promise<void> {
  const stopped = worker.stop({ withinMs: 8000 })
  await clock.advance(20_000)
  await stopped
}

async function end(jobId: string, error?: Error): Promise<void> {
  underWay.get(jobId)?.end(error)
  await settled()
  await settled()
}

describe('the queue', () => {
  test('is worked off, as many jobs at once as there are slots', async () => {
    const jobs = [await queue({ priority: 10 }), await queue({ priority: 20 }), await queue({ priority: 30 })]
    const worker = await started()
    expect(underWay.size).toBe(2)
    const [first = ''] = underWay.keys()
    await end(first)
    expect(underWay.size).toBe(2)
    for (const { jobId } of jobs) await end(jobId)
    expect(await Promise.all(jobs.map(stateOf))).toEqual(['done', 'done', 'done'])
    expect(ended.sort()).toEqual(idsOf(jobs).sort())
    await stop(worker)
  })

  test('is looked at more and more seldom while there is nothing in it, and soon again after there was', async () => {
    const worker = await started()
    expect(await pollsWithin(17_000)).toEqual([500, 1500, 3500, 7500, 12_500])
    await queue()
    expect(await pollsWithin(2000)).toEqual([500, 1000, 2000])
    await stop(worker)
  })

  test('is not looked at while all slots are taken, and at once when one is free', async () => {
    parts.concurrency = 1
    const job = await queue()
    const worker = await started()
    expect(await pollsWithin(60_000)).toEqual([])
    await end(job.jobId)
    expect(stores.takeCalls()).toContain('jobs Query')
    await stop(worker)
  })

  /** When within this time the queue was read, in milliseconds from now. */
  async function pollsWithin(ms: number): Promise<number[]> {
    const polls: number[] = []
    stores.takeCalls()
    for (let at = 500; at <= ms; at += 500) {
      await clock.advance(500)
      if (stores.takeCalls().includes('jobs Query')) polls.push(at)
    }
    return polls
  }

  test('has jobs whose turn has not come: they wait', async () => {
    const job = await queue({ readyAt: clock.now() + 100_000 })
    const worker = await started()
    expect(underWay.size).toBe(0)
    expect(await stateOf(job)).toBe('queued')
    await stop(worker)
  })

  test('has jobs that others reach for: the order in which they are claimed is by chance', async () => {
    const jobs = [await queue({ priority: 10 }), await queue({ priority: 20 })]
    parts.concurrency = 1
    const chances = [0.9, 0.1]
    parts.random = () => chances.shift() ?? 0
    const worker = await started()
    expect([...underWay.keys()]).toEqual([jobs[1]?.jobId])
    await stop(worker)
  })

  test('that cannot be read is read again later', async () => {
    stores.away = true
    const worker = await started()
    expect(warned).toContain('looking for work failed')
    stores.away = false
    const job = await queue()
    await clock.advance(1000)
    expect([...underWay.keys()]).toEqual([job.jobId])
    await stop(worker)
  })

  test.each([
    ['say that they are away', () => Promise.resolve(false)],
    ['do not answer', () => Promise.reject(new Error('away'))],
  ])('is left to others after the objects were found away, while they %s', async (_, answer) => {
    const job = await queue()
    const worker = await started()
    objects.answer = answer
    await end(job.jobId, new StoreUnavailable('objects', undefined))
    await clock.advance(60_000)
    expect(await stateOf(job)).toBe('queued')
    expect(underWay.size).toBe(0)
    expect(objects.asked).toBeLessThan(20) // more and more seldom
    objects.answer = () => Promise.resolve(true)
    await clock.advance(5000)
    expect([...underWay.keys()]).toEqual([job.jobId])
    await stop(worker)
  })

  test('is worked off without a question to the objects, as long as they were never found away', async () => {
    const job = await queue()
    const worker = await started()
    await end(job.jobId)
    await clock.advance(10_000)
    expect(objects.asked).toBe(0)
    await stop(worker)
  })
})

describe('a job that was just queued here', () => {
  test('is begun at once, where there is a free slot', async () => {
    const worker = new Worker(parts)
    const jobs = [await queue(), await queue(), await queue()]
    for (const job of jobs) worker.offer(job)
    await settled()
    expect([...underWay.keys()]).toEqual(idsOf(jobs.slice(0, 2)))
    await stop(worker)
  })

  test('is begun once, however often it is offered', async () => {
    const worker = new Worker(parts)
    const job = await queue()
    worker.offer(job)
    worker.offer(job)
    await settled()
    expect(await stores.jobs.find(job.jobId)).toMatchObject({ attempt: 1 })
    await stop(worker)
  })

  test('that somebody else was faster with takes no slot', async () => {
    parts.concurrency = 1
    const worker = new Worker(parts)
    const [taken, free] = [await queue(), await queue()]
    await stores.jobs.claim(taken, { owner: 'other', nonce: newId(), now: clock.now() })
    worker.offer(taken)
    await settled()
    worker.offer(free)
    await settled()
    expect([...underWay.keys()]).toEqual([free.jobId])
    expect(ended).toEqual([])
    await stop(worker)
  })

  test('whose claim fails is left to the next poll', async () => {
    const worker = new Worker(parts)
    const job = await queue()
    stores.away = true
    worker.offer(job)
    await settled()
    expect(warned).toEqual(['claim failed'])
    stores.away = false
    expect(await stateOf(job)).toBe('queued')
    await stop(worker)
  })
})

describe('a request about a job that runs here', () => {
  async function running() {
    const job = await queue()
    const worker = await started()
    return { job, worker, fence: worker.leaseOf(job.jobId)?.fence ?? 0 }
  }

  test('to cancel it ends it as cancelled', async () => {
    const { job, worker, fence } = await running()
    worker.tell({ wish: 'cancel', jobId: job.jobId, fence })
    await settled()
    expect(await stateOf(job)).toBe('cancelled')
    await stop(worker)
  })

  test('to revoke its lease ends it without a word', async () => {
    const { job, worker, fence } = await running()
    worker.tell({ wish: 'revoke', jobId: job.jobId, fence })
    expect(worker.leaseOf(job.jobId)).toBeUndefined()
    await settled()
    expect(underWay.size).toBe(0)
    expect(await stateOf(job)).toBe('running')
    await stop(worker)
  })

  test('under another lease, or of a job that is not here, is none of its business', async () => {
    const { job, worker, fence } = await running()
    worker.tell({ wish: 'cancel', jobId: job.jobId, fence: fence + 1 })
    worker.tell({ wish: 'cancel', jobId: 'other', fence })
    await settled()
    expect([...underWay.keys()]).toEqual([job.jobId])
    await stop(worker)
  })

  test('reaches it by its page as well', async () => {
    const { job, worker, fence } = await running()
    await stores.pages.leave('w', { wish: 'cancel', jobId: job.jobId, fence }, clock.now())
    await clock.advance(3000)
    expect(await stateOf(job)).toBe('cancelled')
    await stop(worker)
  })
})

test('the lease of a job is told while it runs here', async () => {
  const job = await queue()
  const worker = await started()
  expect(worker.leaseOf(job.jobId)).toMatchObject({ jobId: job.jobId, owner: 'w', fence: 1 })
  await end(job.jobId)
  expect(worker.leaseOf(job.jobId)).toBeUndefined()
  await stop(worker)
})

test('jobs of dead workers are looked for, and none that is held here is among them', async () => {
  const job = await queue()
  const worker = await started()
  expect(looks).toHaveLength(1)
  expect([looks[0]?.(job.jobId), looks[0]?.('other')]).toEqual([true, false])
  await stop(worker)
})

test('jobs of dead workers are looked for more and more seldom, while there are none', async () => {
  const worker = await started()
  const times: number[] = []
  for (let at = 500; at <= 36_000; at += 500) {
    const before = looks.length
    await clock.advance(500)
    if (looks.length > before) times.push(at)
  }
  expect(times).toEqual([500, 1500, 3500, 7500, 15_500, 25_500, 35_500])
  await stop(worker)
})

describe('a worker that stops', () => {
  /** The conversion has so long to go. */
  const tellEta = (jobId: string, etaMs: number | null) =>
    underWay.get(jobId)?.report({
      fence: 1,
      phase: 'converting',
      percent: 50,
      speed: 1,
      etaMs,
      processedMs: 1,
      at: clock.now(),
    })

  test('gives back what lasts longer than half of its time, and what nobody knows of', async () => {
    const jobs = [await queue(), await queue()]
    const worker = await started()
    tellEta(jobs[0]?.jobId ?? '', 4001)
    const stopped = worker.stop({ withinMs: 8000 })
    await settled()
    expect(underWay.size).toBe(0)
    expect(await Promise.all(jobs.map(stateOf))).toEqual(['queued', 'queued'])
    await clock.advance(0)
    await stopped
  })

  test('lets end what is as good as done', async () => {
    const job = await queue()
    const worker = await started()
    tellEta(job.jobId, 4000)
    const stopped = worker.stop({ withinMs: 8000 })
    await clock.advance(5999)
    expect(underWay.size).toBe(1)
    await end(job.jobId)
    await stopped
    expect(await stateOf(job)).toBe('done')
  })

  test('gives back what is not done after three quarters of its time', async () => {
    const job = await queue()
    const worker = await started()
    tellEta(job.jobId, 1)
    const stopped = worker.stop({ withinMs: 8000 })
    await clock.advance(6000)
    await stopped
    expect(await stateOf(job)).toBe('queued')
  })

  test('does not wait for its next look at the queue', async () => {
    const worker = await started()
    await worker.stop({ withinMs: 8000 })
    expect(worker.leaseOf('any')).toBeUndefined()
  })

  test('waits for a look that is under way', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    parts.takeover = { look: () => promise }
    const worker = await started()
    let isOver = false
    const stopped = worker.stop({ withinMs: 8000 }).then(() => (isOver = true))
    await settled()
    expect(isOver).toBe(false)
    resolve(0)
    await stopped
  })

  test('takes no more jobs', async () => {
    const worker = await started()
    await stop(worker)
    const job = await queue()
    worker.offer(job)
    await clock.advance(60_000)
    expect(underWay.size).toBe(0)
  })

  test('gives back at once what it was just claiming', async () => {
    const job = await queue()
    const worker = new Worker(parts)
    const letGo = stores.holdAnswers()
    worker.offer(job)
    await settled()
    const stopped = worker.stop({ withinMs: 8000 })
    letGo()
    await settled()
    expect(await stateOf(job)).toBe('queued')
    await stopped
  })
})
