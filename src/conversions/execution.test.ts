import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, settled, type FakeClock } from '../../test/support/fake-clock.ts'
import { newJob } from '../../test/support/jobs.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { StoreUnavailable } from '../aws/index.ts'
import { newId } from '../kernel/ids.ts'
import { silentLog } from '../kernel/log.ts'
import { silentMeter } from '../kernel/meter.ts'
import { noTracing, type SpanOptions } from '../kernel/tracing.ts'
import { currentContext } from '../kernel/work-context.ts'
import { heartbeatTiming, OwnPage } from '../progress/index.ts'
import { Execution, type ExecutionParts } from './execution.ts'
import { ConversionRefused, DiskFull } from './job-errors.ts'
import type { Job, LeasedJob, Receipt } from './job.ts'
import type { Outcome, RunningJob } from './run-job.ts'

const outcome: Outcome = {
  key: 'results/j/1.mp3',
  sizeBytes: 9,
  durationMs: 1000,
  warnings: [],
  changes: [],
  log: '',
}
const away = (store: 'state' | 'objects' = 'state') => new StoreUnavailable(store, new Error('away'))

let clock: FakeClock
let stores: MemoryStores
let page: OwnPage
let parts: ExecutionParts
let lease: LeasedJob
/** What was counted, in order. */
let counted: unknown[]
let logged: string[]
/** Texts beside results. */
let texts: Map<string, string>
let textsAway: boolean

beforeEach(async () => {
  clock = createFakeClock(1_000_000)
  stores = new MemoryStores(clock)
  counted = []
  logged = []
  texts = new Map()
  textsAway = false
  const write = (_: object, sentence: string) => logged.push(sentence)
  const log = { ...silentLog, info: write, warn: write, error: write }
  const timing = heartbeatTiming(30_000)
  page = new OwnPage({ repository: stores.pages, workerId: 'w', clock, log, meter: silentMeter, timing })
  parts = {
    jobs: stores.jobs,
    results: { putText, findReceipt: () => Promise.resolve(undefined) },
    page,
    run: () => Promise.resolve(outcome),
    clock,
    log,
    meter: {
      attemptBegun: (waitedMs) => counted.push(`begun after ${waitedMs}`),
      attemptEnded: (how, ranMs) => counted.push(`${how} after ${ranMs}`),
      jobEnded: (state) => counted.push(`ended ${state}`),
      commitFenced: () => counted.push('fenced'),
      resultStored: (bytes) => counted.push(`stored ${bytes}`),
    },
    tracing: noTracing,
    random: () => 1,
    retentionMs: 5000,
  }
  lease = await claimed()
})

function putText(key: string, text: string): Promise<void> {
  if (textsAway) return Promise.reject(away('objects'))
  texts.set(key, text)
  return Promise.resolve()
}

async function claimed(values: Partial<Job> = {}): Promise<LeasedJob> {
  const job = await stores.jobs.add({ ...newJob(clock.now()), ...values })
  const held = await stores.jobs.claim(job, { owner: 'w', nonce: newId(), now: clock.now() })
  if (!held) throw new Error('The claim failed.')
  return held
}

const row = () => stores.jobs.find(lease.jobId)
const start = (job = lease) => new Execution(parts, job)

/** A conversion that lasts until its signal aborts, and then fails with this. */
function untilBrokenOff(error?: Error) {
  parts.run = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(error ?? (signal.reason as Error)), { once: true })
    })
}

/** The table does not answer until this is called. */
function takeTableAway(): () => Promise<void> {
  stores.away = true
  return async () => {
    stores.away = false
    await clock.advance(5000)
  }
}

describe('a conversion that goes well', () => {
  test('ends its job as done, with its result', async () => {
    await start().run()
    expect(await row()).toMatchObject({
      state: 'done',
      result: { key: outcome.key, size: 9, durationMs: 1000 },
      finishedAt: clock.now(),
      expiresAt: clock.now() + 5000,
    })
  })

  test('tells what was copied, made louder, changed, and wrong', async () => {
    const measured = { integratedLufs: -20, rangeLu: 1, truePeakDb: -3 }
    const loudness = { before: measured, after: measured, gainDb: 2 }
    const changes = [{ what: 'codec' as const, from: 'a', to: 'b' }]
    parts.run = () => Promise.resolve({ ...outcome, copied: true, loudness, changes, warnings: ['short'] })
    await start().run()
    expect(await row()).toMatchObject({ result: { copied: true, loudness }, changes, warnings: ['short'] })
  })

  test('is logged from its beginning to its end', async () => {
    await start().run()
    expect(logged).toEqual(['conversion started', 'conversion ended'])
  })

  test('is counted with how long it waited and ran', async () => {
    const waiting = await claimed({ readyAt: clock.now() - 70 })
    parts.run = async () => {
      await clock.advance(30)
      return outcome
    }
    await start(waiting).run()
    expect(counted).toEqual(['begun after 70', 'done after 30', 'ended done', 'stored 9'])
  })

  test('has what FFmpeg said kept beside its result, if that was anything', async () => {
    parts.run = () => Promise.resolve({ ...outcome, log: 'said' })
    await start().run()
    expect(texts).toEqual(new Map([[`results/${lease.jobId}/1.log`, 'said']]))
    texts.clear()
    parts.run = () => Promise.resolve({ ...outcome, log: ' \n' })
    await start(await claimed()).run()
    expect(texts.size).toBe(0)
  })

  test('is not lost because its log cannot be kept', async () => {
    parts.run = () => Promise.resolve({ ...outcome, log: 'said' })
    textsAway = true
    await start().run()
    expect(await row()).toMatchObject({ state: 'done' })
    expect(logged).toContain('log not kept')
  })
})

describe('the page of the process', () => {
  test('has the job from the claim on, until its end is committed: without its line the lease would look dead', async () => {
    const execution = start()
    expect(page.snapshotOf(lease.jobId)).toMatchObject({
      fence: 1,
      phase: 'fetching',
      percent: 0,
      processedMs: 0,
      at: clock.now(),
    })
    const back = takeTableAway()
    const running = execution.run()
    await settled()
    expect(page.snapshotOf(lease.jobId)).toBeDefined()
    await back()
    await running
    expect(page.snapshotOf(lease.jobId)).toBeUndefined()
  })

  test('has what the conversion reports, which is also what is told of a job that failed', async () => {
    parts.run = ({ report }) => {
      report({ fence: 1, phase: 'converting', percent: 40, speed: 1, etaMs: 700, processedMs: 1, at: 0 })
      return Promise.reject(new ConversionRefused('conversion-failed', 'No.'))
    }
    const execution = start()
    expect(execution.etaMs).toBeUndefined()
    const running = execution.run()
    await Promise.resolve()
    expect(execution.etaMs).toBe(700)
    await running
    expect(await row()).toMatchObject({ state: 'failed', percent: 40 })
  })
})

describe('a conversion that cannot succeed', () => {
  test('ends its job as failed, with the reason and what FFmpeg said', async () => {
    parts.run = () => Promise.reject(new ConversionRefused('conversion-failed', 'No.', { log: 'said' }))
    await start().run()
    expect(await row()).toMatchObject({
      state: 'failed',
      error: { code: 'conversion-failed', message: 'No.' },
    })
    expect([...texts.values()]).toEqual(['said'])
    expect(counted.slice(1)).toEqual(['failed after 0', 'ended failed'])
    expect(logged).toEqual(['conversion started', 'conversion ended without a result', 'conversion ended'])
  })
})

describe('a conversion that was kept from succeeding', () => {
  test.each([
    ['objects', away('objects'), 'objects'],
    ['the table', away('state'), 'state'],
    ['room on the disk', new DiskFull(), undefined],
  ])('by the lack of %s gives its job back without burning an attempt', async (_, error, storeAway) => {
    parts.run = () => Promise.reject(error)
    const execution = start()
    await execution.run()
    expect(await row()).toMatchObject({ state: 'queued', attempt: 1, spared: 1 })
    expect(execution.storeAway).toBe(storeAway)
    expect(counted.slice(1)).toEqual(['queued after 0'])
  })
})

describe('a conversion that is broken off', () => {
  test('since somebody cancelled it ends its job as cancelled', async () => {
    untilBrokenOff()
    const execution = start()
    const running = execution.run()
    await settled()
    execution.cancel()
    await running
    expect(await row()).toMatchObject({ state: 'cancelled' })
    expect(logged).toContain('conversion broken off')
  })

  test('since it is given back may be claimed at once, and burns no attempt', async () => {
    untilBrokenOff()
    const execution = start()
    const running = execution.run()
    await settled()
    execution.release()
    await running
    expect(await row()).toMatchObject({ state: 'queued', spared: 1, readyAt: clock.now() })
  })

  test('since its lease went to somebody else writes nothing any more', async () => {
    untilBrokenOff()
    const execution = start()
    const running = execution.run()
    await settled()
    stores.takeCalls()
    execution.revoke()
    await running
    expect(stores.takeCalls()).toEqual([])
    expect(await row()).toMatchObject({ state: 'running' })
  })

  test('is broken off for the first reason that came', async () => {
    untilBrokenOff()
    const execution = start()
    const running = execution.run()
    await settled()
    execution.cancel()
    execution.release()
    await running
    expect(await row()).toMatchObject({ state: 'cancelled' })
  })
})

describe('whether a job runs here is certain', () => {
  test('until its lease was revoked', () => {
    const execution = start()
    expect(execution.isCertain).toBe(true)
    execution.cancel()
    expect(execution.isCertain).toBe(true)
    const other = start()
    other.revoke()
    expect(other.isCertain).toBe(false)
  })

  test('until its end was sent to the table, which may have it before the answer is back', async () => {
    const execution = start()
    const back = takeTableAway()
    const running = execution.run()
    await settled()
    expect(execution.isCertain).toBe(false)
    await back()
    await running
  })
})

describe('a commit', () => {
  test('that another lease forbids is counted as such, and not as the end of the job', async () => {
    await stores.jobs.settle(lease, { state: 'queued', updatedAt: 1 })
    await start().run()
    expect(counted.slice(1)).toEqual(['lost after 0', 'fenced'])
  })

  test('after somebody asked to cancel is a cancellation, whatever the conversion came to', async () => {
    await stores.jobs.requestCancel(lease, clock.now())
    await start().run()
    expect(await row()).toMatchObject({ state: 'cancelled' })
    expect(counted.slice(1)).toEqual(['cancelled after 0', 'ended cancelled'])
  })

  test('waits for the table, and leaves a receipt beside the result meanwhile, once', async () => {
    const back = takeTableAway()
    const running = start().run()
    await clock.advance(5000)
    expect(logged.slice(1)).toEqual(['commit waits for the store', 'commit waits for the store'])
    const receipt = JSON.parse(texts.get(`results/${lease.jobId}/1.receipt.json`) ?? '') as unknown
    expect(receipt).toEqual({
      result: { key: outcome.key, size: 9, durationMs: 1000 },
      warnings: [],
      changes: [],
    })
    texts.clear()
    await clock.advance(5000)
    expect(texts.size).toBe(0)
    await back()
    await running
    expect(await row()).toMatchObject({ state: 'done' })
  })

  test('tries to leave its receipt again, where the objects were away, too', async () => {
    textsAway = true
    const back = takeTableAway()
    const running = start().run()
    await settled()
    expect(logged).toContain('receipt not kept')
    textsAway = false
    await clock.advance(5000)
    expect(texts.size).toBe(1)
    await back()
    await running
  })

  test('of a job without a result leaves no receipt', async () => {
    parts.run = () => Promise.reject(new ConversionRefused('conversion-failed', 'No.'))
    const back = takeTableAway()
    const running = start().run()
    await settled()
    expect(texts.size).toBe(0)
    await back()
    await running
    expect(await row()).toMatchObject({ state: 'failed' })
  })

  test.each(['release', 'revoke'] as const)('is given up on %s while the table is away', async (order) => {
    takeTableAway()
    const execution = start()
    const running = execution.run()
    await settled()
    execution[order]()
    await running
    expect(logged).toContain('job not settled')
    expect(page.snapshotOf(lease.jobId)).toBeUndefined()
  })
})

describe('a lease that is not the first', () => {
  const receipt: Receipt = {
    result: { key: 'results/j/1.mp3', size: 5, durationMs: 2 },
    warnings: ['w'],
    changes: [],
  }
  let runs: RunningJob[]

  beforeEach(() => {
    runs = []
    parts.run = (running) => {
      runs.push(running)
      return Promise.resolve(outcome)
    }
    parts.results = { putText, findReceipt: () => Promise.resolve(receipt) }
  })

  test('commits what an earlier one had finished, without converting again', async () => {
    const second = await claimed({ fence: 1 })
    await start(second).run()
    expect(runs).toEqual([])
    expect(logged).toContain('result of an earlier lease adopted')
    expect(await stores.jobs.find(second.jobId)).toMatchObject({ state: 'done', result: receipt.result })
  })

  test('converts where none had finished', async () => {
    parts.results = { putText, findReceipt: () => Promise.resolve(undefined) }
    await start(await claimed({ fence: 1 })).run()
    expect(runs).toHaveLength(1)
  })

  test('is the only one that looks: before the first there was none', async () => {
    await start().run()
    expect(runs).toHaveLength(1)
  })
})

describe('the trace of what asked for a job', () => {
  const TRACE = '00-11111111111111111111111111111111-1111111111111111-01'
  let spans: [name: string, options: SpanOptions | undefined, told: unknown[]][]

  beforeEach(() => {
    spans = []
    parts.tracing = {
      begin: (name, options) => {
        const told: unknown[] = []
        spans.push([name, options, told])
        const end = (failure?: string) => void told.push(failure ?? 'ended')
        return { traceparent: options?.parent, set: (attributes) => void told.push(attributes), end }
      },
    }
  })

  test('has the conversion and its commit as parts, with what became of it', async () => {
    let within: string | undefined
    parts.run = () => {
      within = currentContext().traceparent
      return Promise.reject(new ConversionRefused('source-gone', 'Gone.'))
    }
    await start(await claimed({ traceparent: TRACE, readyAt: clock.now() - 20 })).run()
    expect(within).toBe(TRACE)
    expect(spans.map(([name]) => name)).toEqual(['conversion', 'commit'])
    expect(spans[0]?.[1]).toEqual({
      kind: 'consumer',
      parent: TRACE,
      attributes: { 'tapedeck.format': 'mp3', 'tapedeck.attempt': 1, 'tapedeck.waited_ms': 20 },
    })
    expect(spans[0]?.[2]).toEqual([{ 'tapedeck.outcome': 'failed' }, 'source-gone'])
  })

  test('tells of a lease that was lost', async () => {
    untilBrokenOff()
    const execution = start()
    const running = execution.run()
    await settled()
    execution.revoke()
    await running
    expect(spans[0]?.[2]).toEqual([{ 'tapedeck.outcome': 'lost' }, 'ended'])
  })

  test('tells of an end that could not be committed', async () => {
    takeTableAway()
    const execution = start()
    const running = execution.run()
    await settled()
    execution.release()
    await running
    expect(spans[0]?.[2]).toEqual(['unsettled'])
  })
})
