import { StoreUnavailable } from '../aws/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/ids.ts'
import type { Log } from '../kernel/log.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { CancelRequest, OwnPage } from '../progress/index.ts'
import type { JobRepository, Settlement } from './job-repository.ts'
import { ConversionRefused } from './job-errors.ts'
import { logKey, type Job, type LeasedJob } from './job.ts'
import { Pauses } from './pauses.ts'
import { runJob, type Outcome, type RunParts } from './run-job.ts'
import { cancelled, settlementFor } from './settlement.ts'
import type { Takeover } from './takeover.ts'

const POLL = { shortestMs: SECOND_MS / 2, longestMs: 5 * SECOND_MS }
const COMMIT_EVERY_MS = 5 * SECOND_MS
/** Candidates looked at in one poll. */
const CANDIDATES = 20

export type WorkerParts = RunParts & {
  jobs: JobRepository
  page: OwnPage
  takeover: Takeover
  workerId: string
  clock: Clock
  log: Log
  /** Jobs run at once. */
  concurrency: number
  /** Milliseconds a job and its result are kept after it ended. */
  retentionMs: number
}

/** Runs jobs: claims them, converts, and settles each under the fence of its lease. */
export class Worker {
  readonly #parts: WorkerParts
  readonly #running = new Map<string, Promise<void>>()
  /** How to end what runs here, by job. */
  readonly #cancels = new Map<string, { fence: number; abort: AbortController }>()
  readonly #stopping = new AbortController()
  readonly #polls: Pauses
  #loops: Promise<unknown> = Promise.resolve()

  constructor(parts: WorkerParts) {
    this.#parts = parts
    this.#polls = new Pauses(parts.clock, POLL)
    parts.page.onCancel((request) => this.cancel(request))
  }

  start(): void {
    this.#loops = Promise.all([this.#poll(), this.#parts.page.run()])
  }

  /** Starts a job that was just queued here, if there is a free slot; else a poll of anybody will find it. */
  offer(job: Job): void {
    if (this.#isFree() && !this.#running.has(job.jobId)) void this.#take(job)
  }

  /** Ends a conversion that runs here under this lease, FFmpeg included; anything else it leaves alone. */
  cancel({ jobId, fence }: CancelRequest): void {
    const running = this.#cancels.get(jobId)
    if (running?.fence === fence) running.abort.abort(new Error('The job was cancelled.'))
  }

  /** Takes no more jobs, gives those under way back to the queue, and ends. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The worker is stopping.'))
    this.#polls.wake()
    await Promise.all(this.#running.values())
    this.#parts.page.stop()
    await this.#loops
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  #isFree(): boolean {
    return !this.#isStopping() && this.#running.size < this.#parts.concurrency
  }

  async #poll(): Promise<void> {
    const { takeover, log } = this.#parts
    while (!this.#isStopping()) {
      try {
        if ((await takeover.look()) > 0) this.#polls.reset()
        if (this.#isFree() && (await this.#claimSome()) > 0) this.#polls.reset()
      } catch (err) {
        log.warn({ err }, 'looking for work failed')
      }
      if (!this.#isStopping()) await this.#polls.pause()
    }
  }

  /** In random order, so that processes that read the same list do not all reach for the same job. */
  async #claimSome(): Promise<number> {
    const { jobs, clock } = this.#parts
    const candidates = shuffled(await jobs.listQueued(CANDIDATES, clock.now()))
    let claimed = 0
    for (const jobId of candidates) {
      if (!this.#isFree()) break
      if (this.#running.has(jobId)) continue
      const job = await jobs.find(jobId)
      if (job && (await this.#take(job))) claimed += 1
    }
    return claimed
  }

  /** Claims a job and lets it run; false when somebody else has it. Its slot is taken from the first moment on. */
  #take(job: Job): Promise<boolean> {
    const claimed = this.#claim(job)
    const ended = claimed.then(async (leased) => {
      if (leased) await this.#work(leased)
      this.#running.delete(job.jobId)
      if (leased) this.#polls.wake() // a slot is free
    })
    this.#running.set(job.jobId, ended)
    return claimed.then((leased) => leased !== undefined)
  }

  async #claim(job: Job): Promise<LeasedJob | undefined> {
    const { jobs, workerId, clock, log } = this.#parts
    try {
      return await jobs.claim(job, { owner: workerId, nonce: newId(), now: clock.now() })
    } catch (err) {
      log.warn({ err, jobId: job.jobId }, 'claim failed')
      return undefined
    }
  }

  async #work(job: LeasedJob): Promise<void> {
    const { page, clock, log, retentionMs } = this.#parts
    const { jobId, fence, attempt } = job
    const abort = new AbortController()
    this.#cancels.set(jobId, { fence, abort })
    const signal = AbortSignal.any([this.#stopping.signal, abort.signal])
    log.info({ jobId, fence, attempt, format: job.format }, 'conversion started')
    try {
      const report = (snapshot: Parameters<OwnPage['report']>[1]) => page.report(jobId, snapshot)
      const outcome = await runJob(this.#parts, { job, signal, report })
      await this.#keepLog(job, outcome.log)
      await this.#settle(job, done(outcome, clock.now(), retentionMs))
    } catch (error) {
      const percent = page.snapshotOf(jobId)?.percent ?? 0
      const context = { now: clock.now(), stopping: this.#isStopping(), percent, retentionMs }
      log.warn({ err: error, jobId, fence }, 'conversion ended without a result')
      if (error instanceof ConversionRefused) await this.#keepLog(job, error.log)
      await this.#settle(job, abort.signal.aborted ? cancelled(context) : settlementFor(job, error, context))
    } finally {
      this.#cancels.delete(jobId)
      page.forget(jobId)
    }
  }

  /** A log that cannot be kept is no reason to lose a conversion. */
  async #keepLog(job: LeasedJob, text: string): Promise<void> {
    const { results, log } = this.#parts
    if (text.trim() === '') return
    await results.putText(logKey(job), text).catch((err: unknown) => {
      log.warn({ err, jobId: job.jobId }, 'log not kept')
    })
  }

  /** Commits, and goes on trying while the store is away: the work is done and must not be lost. */
  async #settle(job: LeasedJob, settlement: Settlement): Promise<void> {
    const { jobs, clock, log } = this.#parts
    const context = { jobId: job.jobId, fence: job.fence, state: settlement.state }
    for (;;) {
      try {
        const outcome = await jobs.settle(job, settlement)
        if (outcome === 'cancel-asked') await this.#settle(job, this.#cancelledNow(job))
        else if (outcome === 'settled') log.info(context, 'job settled')
        else log.warn(context, 'lease was lost, nothing written')
        return
      } catch (err) {
        const again = err instanceof StoreUnavailable && !this.#stopping.signal.aborted
        log.warn({ err, again, ...context }, 'job not settled')
        if (!again) return
        await clock.sleep(COMMIT_EVERY_MS * (0.5 + Math.random() / 2), this.#stopping.signal)
      }
    }
  }

  #cancelledNow({ jobId }: LeasedJob): Settlement {
    const { page, clock, retentionMs } = this.#parts
    return cancelled({ now: clock.now(), percent: page.snapshotOf(jobId)?.percent ?? 0, retentionMs })
  }
}

const done = (
  { key, sizeBytes, durationMs, warnings }: Outcome,
  now: number,
  retentionMs: number,
): Settlement => ({
  state: 'done',
  result: { key, size: sizeBytes, durationMs },
  ...(warnings.length > 0 && { warnings }),
  finishedAt: now,
  updatedAt: now,
  expiresAt: now + retentionMs,
})

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
