import { Readable } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { newJob } from '../../test/support/jobs.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { newMedia, newSession } from '../../test/support/uploads.ts'
import { FORMATS } from '../ffmpeg/index.ts'
import { idForRequest } from '../kernel/idempotency.ts'
import { newId } from '../kernel/ids.ts'
import { silentLog } from '../kernel/log.ts'
import { heartbeatTiming, type PageRequest } from '../progress/index.ts'
import { Conversions, mimeTypeOf, type ConversionsParts } from './conversions.ts'
import { JobConflict, QueueFull } from './failures.ts'
import { JobReader } from './job-reader.ts'
import type { Settlement } from './job-repository.ts'
import type { Job, LeasedJob } from './job.ts'
import { markOf } from './mark.ts'
import { PageView } from './page-view.ts'
import { QueueView } from './queue-view.ts'

const RETENTION_MS = 5000
const REQUEST = { uploadId: 'u', format: 'mp3' }
const RESULT = { key: 'results/j/1.mp3', size: 7, durationMs: 1 }

let clock: FakeClock
let stores: MemoryStores
let parts: ConversionsParts
let conversions: Conversions
/** Until when each source was claimed. */
let claims: [uploadId: string, neededUntil: number][]
let isFull: boolean
let queued: string[]
let cancelled: PageRequest[]
let told: string[]
let logged: string[]
let removals: (() => Promise<void>)[]

beforeEach(() => {
  clock = createFakeClock()
  stores = new MemoryStores(clock)
  claims = []
  isFull = false
  queued = []
  cancelled = []
  told = []
  logged = []
  removals = []
  parts = {
    jobs: stores.jobs,
    sources: { claim },
    results: {
      open: () => Promise.resolve(undefined),
      link: () => Promise.resolve('link'),
      readText: keyAsText,
    },
    formats: FORMATS,
    reader: newReader(),
    limits: { admit: () => (isFull ? Promise.reject(new QueueFull('all', 1)) : Promise.resolve()) },
    expiry: { removeNow: () => removals.shift()?.() ?? Promise.resolve() },
    pages: stores.pages,
    clock,
    log: { ...silentLog, info: (_, sentence) => logged.push(sentence) },
    meter: { jobQueued: () => told.push('queued'), jobEnded: (state) => told.push(state) },
    retentionMs: RETENTION_MS,
    maxDurationMs: 3_600_000,
    onQueued: ({ jobId }) => queued.push(jobId),
    onCancel: (request) => cancelled.push(request),
  }
  conversions = new Conversions(parts)
})

const keyAsText = (key: string) => Promise.resolve(key)

function claim(uploadId: string, neededUntil: number) {
  claims.push([uploadId, neededUntil])
  if (uploadId === 'gone') return Promise.reject(new Error('gone'))
  return Promise.resolve({ session: newSession(0, { uploadId, state: 'ready' }), media: newMedia() })
}

const newReader = () =>
  new JobReader({
    jobs: stores.jobs,
    page: { snapshotOf: () => undefined, isConfirmed: () => false },
    pages: new PageView(stores.pages, clock, heartbeatTiming(30_000)),
    queue: new QueueView(stores.jobs, clock),
    leaseOf: () => undefined,
    clock,
    meter: { recordRead: () => undefined },
  })

const rowOf = ({ jobId }: Job) => stores.jobs.find(jobId)
const added = (values: Partial<Job> = {}) =>
  stores.jobs.add({ ...newJob(clock.now()), expiresAt: clock.now() + RETENTION_MS, ...values })

async function running(): Promise<LeasedJob> {
  const lease = await stores.jobs.claim(await added(), { owner: 'w', nonce: newId(), now: clock.now() })
  if (!lease) throw new Error('The claim failed.')
  return lease
}

async function settled(values: Settlement): Promise<LeasedJob> {
  const lease = await running()
  await stores.jobs.settle(lease, {
    updatedAt: clock.now(),
    expiresAt: clock.now() + RETENTION_MS,
    ...values,
  })
  return lease
}

/** The rows, but for what this does to them. */
function moving(changed: Partial<ConversionsParts['jobs']>): ConversionsParts['jobs'] {
  const { jobs } = stores
  return {
    add: (job) => jobs.add(job),
    find: (jobId) => jobs.find(jobId),
    cancelQueued: (...args) => jobs.cancelQueued(...args),
    requestCancel: (...args) => jobs.requestCancel(...args),
    requeue: (...args) => jobs.requeue(...args),
    ...changed,
  }
}

describe('a job that is asked for', () => {
  test('waits in the queue with what was asked, as long as a result is kept', async () => {
    const seen = await conversions.request({ ...REQUEST, options: { channels: 1 } })
    const { status } = seen
    expect(seen).toMatchObject({ stale: false, asOf: clock.now(), nextAt: clock.now() })
    expect(status.job).toMatchObject({
      state: 'queued',
      format: 'mp3',
      options: { channels: 1 },
      fence: 0,
      attempt: 0,
      spared: 0,
      crashes: 0,
      priority: 50,
      readyAt: clock.now(),
      createdAt: clock.now(),
      updatedAt: clock.now(),
      expiresAt: clock.now() + RETENTION_MS,
    })
    expect(await rowOf(status.job)).toMatchObject({ state: 'queued', options: { channels: 1 } })
  })

  test('is counted, and offered to the worker of this process', async () => {
    const { status } = await conversions.request(REQUEST)
    expect(told).toEqual(['queued'])
    expect(logged).toEqual(['job queued'])
    expect(queued).toEqual([status.job.jobId])
  })

  test('belongs to the trace of its first source, where the request has none of its own', async () => {
    const trace = (digit: number) => `00-${String(digit).repeat(32)}-${String(digit).repeat(16)}-01`
    parts.sources = {
      claim: (uploadId) => {
        const traceparent = trace(uploadId === 'a' ? 1 : 2)
        return Promise.resolve({ session: newSession(0, { uploadId, traceparent }), media: newMedia() })
      },
    }
    const { status } = await conversions.request({ uploadIds: ['a', 'b'], format: 'mp3' })
    expect(status.job.traceparent).toBe(trace(1))
  })

  test('has all its sources claimed for that time, in order', async () => {
    await conversions.request({ uploadIds: ['b', 'a'], format: 'mp3' })
    expect(claims).toEqual([
      ['b', clock.now() + RETENTION_MS],
      ['a', clock.now() + RETENTION_MS],
    ])
  })

  test('is none where one of its sources is not there', async () => {
    await expect(conversions.request({ uploadIds: ['a', 'gone'], format: 'mp3' })).rejects.toThrow('gone')
    expect(await stores.jobs.listOrders(9)).toEqual([])
  })

  test('is refused before a source is claimed, where nothing like it can be made', async () => {
    await expect(conversions.request({ uploadId: 'u', format: 'x' })).rejects.toMatchObject({
      code: 'unknown-format',
    })
    expect(claims).toEqual([])
  })

  test('is refused while the queue is full', async () => {
    isFull = true
    await expect(conversions.request(REQUEST)).rejects.toMatchObject({ code: 'queue-full' })
    expect(told).toEqual([])
    expect(stores.takeCalls()).toEqual([])
  })

  test('is found at once as it was queued', async () => {
    const { status } = await conversions.request(REQUEST)
    expect((await conversions.find(status.job.jobId)).status).toMatchObject({
      job: { state: 'queued' },
      queuePosition: 1,
    })
  })
})

describe('a request that is repeated with its key', () => {
  const requester = { idempotencyKey: 'k' }

  test('finds the job it made, and makes no other', async () => {
    const first = await conversions.request(REQUEST, requester)
    const again = await conversions.request(REQUEST, requester)
    expect(again.status.job.jobId).toBe(first.status.job.jobId)
    expect(first.status.job.jobId).toBe(idForRequest('job', requester))
    expect(told).toEqual(['queued'])
    expect(queued).toHaveLength(1)
  })

  test('finds it, however full the queue is', async () => {
    const first = await conversions.request(REQUEST, requester)
    isFull = true
    const again = await conversions.request(REQUEST, requester)
    expect(again.status.job.jobId).toBe(first.status.job.jobId)
  })

  test('is a new job in a full queue where it made none', async () => {
    isFull = true
    await expect(conversions.request(REQUEST, requester)).rejects.toMatchObject({ code: 'queue-full' })
  })

  test('is refused as another request under the same key', async () => {
    await conversions.request(REQUEST, requester)
    await expect(conversions.request({ ...REQUEST, format: 'flac' }, requester)).rejects.toMatchObject({
      code: 'idempotency-conflict',
    })
  })
})

describe('a job that is looked for', () => {
  test('is not there, where nobody knows it; what can be no id is not asked for', async () => {
    await expect(conversions.find(newId())).rejects.toMatchObject({ code: 'job-not-found' })
    stores.takeCalls()
    await expect(conversions.find('nothing')).rejects.toMatchObject({ code: 'job-not-found' })
    await expect(conversions.cancel('nothing')).rejects.toMatchObject({ code: 'job-not-found' })
    expect(stores.takeCalls()).toEqual([])
  })

  test('has expired at its last moment once it has ended', async () => {
    const { jobId } = await settled({ state: 'done', result: RESULT })
    await clock.advance(RETENTION_MS - 1)
    expect((await conversions.find(jobId)).status.job.state).toBe('done')
    await clock.advance(1)
    await expect(conversions.find(jobId)).rejects.toMatchObject({ code: 'job-expired' })
  })

  test('does not expire while it waits', async () => {
    const { jobId } = await added({ expiresAt: clock.now() })
    expect((await conversions.find(jobId)).status.job.state).toBe('queued')
  })

  test.each(['deleting', 'gone'] as const)('has expired while it is %s', async (state) => {
    const { jobId } = await added({ state, expiresAt: clock.now() + 1 })
    await expect(conversions.find(jobId)).rejects.toMatchObject({ code: 'job-expired' })
  })
})

describe('a job that is cancelled', () => {
  test('while it waits has ended at once', async () => {
    const job = await added()
    await clock.advance(10)
    const { status } = await conversions.cancel(job.jobId)
    expect(status.job).toMatchObject({ state: 'cancelled', finishedAt: clock.now() })
    expect(await rowOf(job)).toMatchObject({ state: 'cancelled', expiresAt: clock.now() + RETENTION_MS })
    expect(told).toEqual(['cancelled'])
    expect(logged).toEqual(['job cancelled'])
    expect(cancelled).toEqual([])
  })

  test('is read, moved, and read again as it then stands', async () => {
    const job = await added()
    stores.takeCalls()
    await conversions.cancel(job.jobId)
    expect(stores.takeCalls()).toEqual(['jobs BatchGet', 'jobs Update', 'jobs BatchGet'])
  })

  test('cannot be, once it has expired', async () => {
    const { jobId } = await settled({ state: 'failed' })
    await clock.advance(RETENTION_MS)
    await expect(conversions.cancel(jobId)).rejects.toMatchObject({ code: 'job-expired' })
  })

  test('while it runs is forbidden every other end, and its worker is told here and by its page', async () => {
    const lease = await running()
    const { status } = await conversions.cancel(lease.jobId)
    expect(status.job).toMatchObject({ state: 'running', cancelRequestedAt: clock.now() })
    const request = { wish: 'cancel', jobId: lease.jobId, fence: lease.fence }
    expect(cancelled).toEqual([request])
    expect(await stores.pages.write({ workerId: 'w', sequence: 1, jobs: {}, at: clock.now() })).toEqual([
      request,
    ])
    expect(told).toEqual([])
    expect(logged).toEqual(['cancelling of a running job asked for'])
  })

  test('is cancelled as often as anybody likes', async () => {
    const job = await added()
    await conversions.cancel(job.jobId)
    expect((await conversions.cancel(job.jobId)).status.job.state).toBe('cancelled')
    expect(told).toEqual(['cancelled'])
  })

  test.each(['done', 'failed'] as const)('cannot be, once it is %s', async (state) => {
    const { jobId } = await settled({ state })
    await expect(conversions.cancel(jobId)).rejects.toMatchObject({
      code: 'job-conflict',
      message: `This job is ${state}, so it cannot be cancelled.`,
    })
  })

  test('may be claimed at the same time: it is read again, and cancelled as it then stands', async () => {
    const job = await added()
    parts.jobs = moving({
      cancelQueued: async (...args) => {
        await stores.jobs.claim(job, { owner: 'w', nonce: newId(), now: clock.now() })
        return stores.jobs.cancelQueued(...args)
      },
    })
    const { status } = await new Conversions(parts).cancel(job.jobId)
    expect(status.job).toMatchObject({ state: 'running', cancelRequestedAt: clock.now() })
    expect(told).toEqual([])
  })

  test('may end at the same time: nobody is told to cancel it', async () => {
    const lease = await running()
    parts.jobs = moving({
      requestCancel: async (...args) => {
        await stores.jobs.settle(lease, { state: 'cancelled', updatedAt: 1, expiresAt: clock.now() + 1 })
        return stores.jobs.requestCancel(...args)
      },
    })
    const { status } = await new Conversions(parts).cancel(lease.jobId)
    expect(status.job.state).toBe('cancelled')
    expect(cancelled).toEqual([])
  })

  test('is given up when it moves each time', async () => {
    const job = await added()
    let tries = 0
    parts.jobs = moving({
      cancelQueued: () => {
        tries += 1
        return Promise.resolve(undefined)
      },
    })
    await expect(new Conversions(parts).cancel(job.jobId)).rejects.toThrow('moved on each time')
    expect(tries).toBe(5)
  })
})

describe('a job that is tried again', () => {
  test.each(['failed', 'cancelled'] as const)(
    'after it was %s waits again with all its attempts, and its source is kept',
    async (state) => {
      const lease = await settled({ state })
      await clock.advance(10)
      const { status } = await conversions.retry(lease.jobId)
      expect(status.job).toMatchObject({ state: 'queued', spared: 1, fence: lease.fence + 1 })
      expect(await rowOf(lease)).toMatchObject({ expiresAt: clock.now() + RETENTION_MS })
      expect(claims).toEqual([['u', clock.now() + RETENTION_MS]])
      expect([told, queued]).toEqual([['queued'], [lease.jobId]])
      expect(logged).toEqual(['job queued again'])
    },
  )

  test('cannot be, once it is done', async () => {
    const { jobId } = await settled({ state: 'done' })
    await expect(conversions.retry(jobId)).rejects.toMatchObject({ code: 'job-conflict' })
  })

  test('at the same time by somebody else is counted once', async () => {
    const lease = await settled({ state: 'failed' })
    parts.jobs = moving({
      requeue: async (...args) => {
        await stores.jobs.requeue(...args)
        return stores.jobs.requeue(...args)
      },
    })
    expect((await new Conversions(parts).retry(lease.jobId)).status.job.state).toBe('queued')
    expect(told).toEqual([])
  })

  test('stays as it is while it waits or runs: somebody was faster', async () => {
    const { jobId } = await running()
    expect((await conversions.retry(jobId)).status.job.state).toBe('running')
    expect([told, queued]).toEqual([[], []])
  })

  test('stays as it is in a full queue, or without its source', async () => {
    const lease = await settled({ state: 'failed' })
    isFull = true
    await expect(conversions.retry(lease.jobId)).rejects.toMatchObject({ code: 'queue-full' })
    isFull = false
    parts.sources = { claim: () => Promise.reject(new Error('gone')) }
    await expect(conversions.retry(lease.jobId)).rejects.toThrow('gone')
    expect(await rowOf(lease)).toMatchObject({ state: 'failed' })
  })
})

describe('a result', () => {
  test('is told with its name, size, kind and times', async () => {
    const lease = await settled({ state: 'done', result: RESULT, finishedAt: 77 })
    expect(await conversions.findResult(lease.jobId)).toEqual({
      jobId: lease.jobId,
      key: RESULT.key,
      size: 7,
      fileName: 'n.mp3',
      mimeType: 'audio/mpeg',
      finishedAt: 77,
      expiresAt: clock.now() + RETENTION_MS,
    })
  })

  test('is not there before its job is done', async () => {
    const { jobId } = await running()
    await expect(conversions.findResult(jobId)).rejects.toMatchObject({ code: 'job-not-done' })
    const empty = await settled({ state: 'done' })
    await expect(conversions.findResult(empty.jobId)).rejects.toMatchObject({ code: 'job-not-done' })
  })

  test('that is known costs no read', async () => {
    const { jobId } = await settled({ state: 'done', result: RESULT })
    await conversions.findResult(jobId)
    stores.takeCalls()
    await conversions.findResult(jobId)
    expect(stores.takeCalls()).toEqual([])
  })

  test('has a link straight to the store', async () => {
    const { jobId } = await settled({ state: 'done', result: RESULT })
    parts.results.link = ({ key }, disposition) => Promise.resolve(`${key} as ${disposition}`)
    const result = await conversions.findResult(jobId)
    expect(await conversions.linkResult(result, 'attachment')).toBe('results/j/1.mp3 as attachment')
  })

  test('is found though this process knows of the job as running', async () => {
    const lease = await running()
    await conversions.find(lease.jobId)
    await stores.jobs.settle(lease, {
      state: 'done',
      result: RESULT,
      updatedAt: clock.now(),
      expiresAt: clock.now() + RETENTION_MS,
    })
    expect(await conversions.findResult(lease.jobId)).toMatchObject({ key: RESULT.key })
  })

  test('is told with others in the order asked for; the first that is missing is told', async () => {
    const [one, other] = [
      await settled({ state: 'done', result: RESULT }),
      await settled({ state: 'done', result: RESULT }),
    ]
    const found = await conversions.findResults([other.jobId, one.jobId])
    expect(found.map(({ jobId }) => jobId)).toEqual([other.jobId, one.jobId])
    const [waiting, failed] = [await added(), await settled({ state: 'failed' })]
    await expect(conversions.findResults([one.jobId, failed.jobId, waiting.jobId])).rejects.toMatchObject({
      facts: { jobId: failed.jobId },
    })
  })

  test('whose bytes are gone has expired, and the job is read anew', async () => {
    const { jobId } = await settled({ state: 'done', result: RESULT })
    const result = await conversions.findResult(jobId)
    await expect(conversions.openResult(result, undefined)).rejects.toMatchObject({ code: 'job-expired' })
    stores.takeCalls()
    await conversions.find(jobId)
    expect(stores.takeCalls()).toEqual(['jobs BatchGet'])
  })

  test('is opened as a whole or in part, as the store has it', async () => {
    const bytes = { body: Readable.from([]), length: 3, contentRange: 'bytes 0-2/7' }
    const asked: unknown[] = []
    parts.results.open = (...args) => {
      asked.push(args)
      return Promise.resolve(bytes)
    }
    const { jobId } = await settled({ state: 'done', result: RESULT })
    const result = await conversions.findResult(jobId)
    expect(await conversions.openResult(result, 'bytes=0-2')).toBe(bytes)
    expect(asked).toEqual([[result, 'bytes=0-2']])
  })
})

describe('a job that is removed', () => {
  test('is read anew by the next one who asks', async () => {
    const { jobId } = await settled({ state: 'done', result: RESULT })
    await conversions.find(jobId)
    removals = [
      async () => {
        await stores.jobs.markDeleting(jobId, clock.now(), { expiredBy: Infinity })
      },
    ]
    await conversions.remove(jobId)
    await expect(conversions.find(jobId)).rejects.toMatchObject({ code: 'job-expired' })
  })

  test('stays where it cannot be removed', async () => {
    removals = [() => Promise.reject(new JobConflict('running', 'deleted'))]
    await expect(conversions.remove(newId())).rejects.toMatchObject({ code: 'job-conflict' })
  })
})

test('the log of a job is that of its last lease', async () => {
  const lease = await settled({ state: 'failed' })
  expect(await conversions.readLog(lease.jobId)).toBe(`results/${lease.jobId}/${lease.fence}.log`)
})

test('nobody is told of a state before the one they saw', async () => {
  const lease = await running()
  await conversions.find(lease.jobId)
  await stores.jobs.settle(lease, { state: 'failed', updatedAt: clock.now(), expiresAt: clock.now() + 1 })
  const saw = markOf({ job: { ...lease, state: 'failed' } })
  expect((await conversions.find(lease.jobId, saw)).status.job.state).toBe('failed')
})

test('a format that is not made any more has results of an unknown kind', () => {
  expect(mimeTypeOf({ ...newJob(0), format: 'flac' })).toBe('audio/flac')
  expect(mimeTypeOf({ ...newJob(0), format: 'old' })).toBe('application/octet-stream')
})
