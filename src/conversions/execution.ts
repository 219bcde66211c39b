import { StoreUnavailable } from '../aws/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { AttemptEnd, Meter } from '../kernel/meter.ts'
import { inSpan, type Span, type Tracing } from '../kernel/tracing.ts'
import { currentContext, inContext } from '../kernel/work-context.ts'
import type { OwnPage } from '../progress/index.ts'
import { ConversionRefused } from './job-errors.ts'
import type { JobRepository, Settlement } from './job-repository.ts'
import { logKey, receiptKey, type LeasedJob, type Receipt } from './job.ts'
import type { ResultStore } from './result-store.ts'
import type { Outcome, RunningJob } from './run-job.ts'
import { cancelled, done, released, settlementFor } from './settlement.ts'
import { whileAway } from './while-away.ts'

export type ExecutionParts = {
  jobs: Pick<JobRepository, 'settle'>
  results: Pick<ResultStore, 'putText' | 'findReceipt'>
  page: Pick<OwnPage, 'forget' | 'report' | 'snapshotOf'>
  /** Converts and stores; throws when there is no result. */
  run: (running: RunningJob) => Promise<Outcome>
  clock: Clock
  log: Log
  meter: Pick<Meter, 'attemptBegun' | 'attemptEnded' | 'commitFenced' | 'jobEnded' | 'resultStored'>
  tracing: Tracing
  random: () => number
  /** Milliseconds a job and its result are kept after it ended. */
  retentionMs: number
}

/** Why a conversion is broken off. */
type Reason = 'cancelled' | 'revoked' | 'released'

/** One lease of one job: the conversion, and the commit of whatever came of it. */
export class Execution {
  readonly job: LeasedJob
  readonly #parts: ExecutionParts
  readonly #begunAt: number
  readonly #breakOff = new AbortController()
  /** No waiting for a store that is away any more. */
  readonly #giveUp = new AbortController()
  #reason: Reason | undefined
  #storeAway: StoreUnavailable['store'] | undefined
  #isCommitting = false

  constructor(parts: ExecutionParts, job: LeasedJob) {
    this.#parts = parts
    this.job = job
    this.#begunAt = parts.clock.now()
    this.#tellStart()
  }

  /** Somebody asked to cancel the job. */
  cancel(): void {
    this.#end('cancelled')
  }

  /** The lease is somebody else's: nothing is written any more. */
  revoke(): void {
    this.#end('revoked')
    this.#giveUp.abort()
  }

  /**
   * Whether this process knows for certain that the job runs here: not after its lease was revoked, nor from the moment on
   * that its end was sent to the store, which may have it before the answer is back.
   */
  get isCertain(): boolean {
    return this.#reason !== 'revoked' && !this.#isCommitting
  }

  /** Gives the job back at once; a result that lies in the store already is still committed, if that is possible now. */
  release(): void {
    this.#end('released')
    this.#giveUp.abort()
  }

  /** Milliseconds until the job is likely done; undefined where nobody knows. */
  get etaMs(): number | undefined {
    return this.#parts.page.snapshotOf(this.job.jobId)?.etaMs ?? undefined
  }

  /** The store that was away when the work had to be broken off for that. */
  get storeAway(): StoreUnavailable['store'] | undefined {
    return this.#storeAway
  }

  /** From claim to commit; never throws. */
  run(): Promise<void> {
    const span = this.#beginSpan()
    return inContext({ ...currentContext(), traceparent: span.traceparent }, () => this.#run(span))
  }

  /** Part of the trace of what asked for the job, whichever process that was in. */
  #beginSpan(): Span {
    const { format, attempt, readyAt, traceparent: parent } = this.job
    return this.#parts.tracing.begin('conversion', {
      ...{ kind: 'consumer', parent },
      attributes: {
        'tapedeck.format': format,
        'tapedeck.attempt': attempt,
        'tapedeck.waited_ms': this.#begunAt - readyAt,
      },
    })
  }

  async #run(span: Span): Promise<void> {
    const { page, log, meter, tracing } = this.#parts
    const { jobId, fence, attempt, format } = this.job
    log.info({ jobId, fence, attempt, format }, 'conversion started')
    meter.attemptBegun(this.#begunAt - this.job.readyAt)
    try {
      const settlement = await this.#work()
      const outcome = await inSpan(tracing, 'commit', () => this.#commit(settlement))
      span.set({ 'tapedeck.outcome': outcome })
      span.end(settlement.error?.code)
    } catch (err) {
      log.error({ err, jobId, fence }, 'job not settled')
      span.end('unsettled')
    } finally {
      page.forget(jobId)
    }
  }

  #end(reason: Reason): void {
    this.#reason ??= reason
    this.#breakOff.abort(new Error(`The conversion was ${reason}.`))
  }

  #tellStart(): void {
    const { page, clock } = this.#parts
    const nothing = { percent: 0, speed: null, etaMs: null, processedMs: 0 }
    page.report(this.job.jobId, { ...nothing, fence: this.job.fence, phase: 'fetching', at: clock.now() })
  }

  async #work(): Promise<Settlement> {
    const { page, run, log } = this.#parts
    const { job } = this
    try {
      const adopted = await this.#adopt()
      if (adopted) return done(adopted, this.#context())
      const report = (snapshot: Parameters<OwnPage['report']>[1]) => page.report(job.jobId, snapshot)
      const outcome = await run({ job, signal: this.#breakOff.signal, report })
      await this.#keepLog(outcome.log)
      return done(receiptOf(outcome), this.#context())
    } catch (error) {
      const { jobId, fence } = job
      if (this.#reason) log.info({ jobId, fence, reason: this.#reason }, 'conversion broken off')
      else log.warn({ err: error, jobId, fence }, 'conversion ended without a result')
      if (error instanceof StoreUnavailable) this.#storeAway = error.store
      if (error instanceof ConversionRefused) await this.#keepLog(error.log)
      return this.#settlementOf(error)
    }
  }

  #settlementOf(error: unknown): Settlement {
    const context = this.#context()
    if (this.#reason === 'cancelled') return cancelled(context)
    if (this.#reason !== undefined) return released(this.job, context.now, 0)
    return settlementFor(this.job, error, context)
  }

  /** What an earlier lease finished and could not commit. The first lease has no one before it. */
  async #adopt(): Promise<Receipt | undefined> {
    const { results, log } = this.#parts
    const { jobId, fence } = this.job
    if (fence === 1) return undefined
    const receipt = await results.findReceipt(this.job)
    if (receipt) log.info({ jobId, fence, key: receipt.result.key }, 'result of an earlier lease adopted')
    return receipt
  }

  /** A log that cannot be kept is no reason to lose a conversion. */
  async #keepLog(text: string): Promise<void> {
    const { results, log } = this.#parts
    if (text.trim() === '') return
    await results.putText(logKey(this.job), text).catch((err: unknown) => {
      log.warn({ err, jobId: this.job.jobId }, 'log not kept')
    })
  }

  /** Gives what became of it. */
  async #commit(settlement: Settlement): Promise<AttemptEnd> {
    const { jobs, clock, random, log } = this.#parts
    const { jobId, fence } = this.job
    if (this.#reason === 'revoked') return 'lost'
    this.#isCommitting = true
    let receiptIsThere = false
    const onAway = async (err: unknown) => {
      log.warn({ err, jobId, fence, state: settlement.state }, 'commit waits for the store')
      receiptIsThere ||= await this.#leaveReceipt(settlement)
    }
    const patience = { clock, random, signal: this.#giveUp.signal, onAway }
    const outcome = await whileAway(patience, () => jobs.settle(this.job, settlement))
    if (outcome === 'cancel-asked') return this.#commit(cancelled(this.#context()))
    log.info({ jobId, fence, state: settlement.state, outcome }, 'conversion ended')
    return this.#count(settlement, outcome)
  }

  #count({ state, result }: Settlement, outcome: 'settled' | 'lost'): AttemptEnd {
    const { meter, clock } = this.#parts
    const isEnd = state === 'done' || state === 'failed' || state === 'cancelled'
    const end = outcome === 'lost' ? 'lost' : isEnd ? state : 'queued'
    meter.attemptEnded(end, clock.now() - this.#begunAt)
    if (outcome === 'lost') meter.commitFenced()
    else if (isEnd) meter.jobEnded(state)
    if (outcome === 'settled' && result) meter.resultStored(result.size)
    return end
  }

  /** Whoever claims the job next, should this process die before the commit, then need not convert again. */
  async #leaveReceipt({ state, result, warnings = [], changes = [] }: Settlement): Promise<boolean> {
    if (state !== 'done' || !result) return true
    const { results, log } = this.#parts
    const text = JSON.stringify({ result, warnings, changes } satisfies Receipt)
    return results.putText(receiptKey(this.job), text).then(
      () => true,
      (err: unknown) => {
        log.warn({ err, jobId: this.job.jobId }, 'receipt not kept')
        return false
      },
    )
  }

  #context() {
    const { page, clock, retentionMs } = this.#parts
    return { now: clock.now(), percent: page.snapshotOf(this.job.jobId)?.percent ?? 0, retentionMs }
  }
}

const receiptOf = ({ key, sizeBytes, durationMs, copied, loudness, ...told }: Outcome): Receipt => ({
  result: {
    ...{ key, size: sizeBytes, durationMs },
    ...(copied && { copied }),
    ...(loudness && { loudness }),
  },
  warnings: told.warnings,
  changes: told.changes,
})
