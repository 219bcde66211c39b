import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Meter } from '../kernel/meter.ts'
import type { HeartbeatTiming } from './heartbeat-timing.ts'
import type { PageRequest, Snapshot } from './page.ts'
import type { ProgressRepository } from './progress-repository.ts'

export type OwnPageParts = {
  repository: Pick<ProgressRepository, 'write'>
  workerId: string
  clock: Clock
  log: Log
  meter: Pick<Meter, 'heartbeatLate'>
  timing: HeartbeatTiming
}

/**
 * The page of this process: the latest snapshot of each of its jobs, written at the next tick when something moved and
 * once an interval as a heartbeat; once more when the last job has left it, then not at all while no job runs.
 */
export class OwnPage {
  readonly #parts: OwnPageParts
  readonly #jobs = new Map<string, Snapshot>()
  /** Jobs that were on this page over a long silence. */
  readonly #doubted = new Set<string>()
  readonly #stopping = new AbortController()
  /** Requests that were passed on and wait to be taken off the page. */
  #handled: PageRequest[] = []
  #onRequest: (request: PageRequest) => void = () => undefined
  #sequence = 0
  #moved = false
  #writtenAt = 0
  #busySince = 0

  constructor(parts: OwnPageParts) {
    this.#parts = parts
  }

  /** Who is told of requests about jobs of this process. */
  onRequest(listener: (request: PageRequest) => void): void {
    this.#onRequest = listener
  }

  /** Takes a snapshot. Percent never falls within one lease, whatever is reported. */
  report(jobId: string, snapshot: Snapshot): void {
    if (this.#jobs.size === 0) this.#busySince = this.#parts.clock.now()
    const before = this.#jobs.get(jobId)
    const floor = before?.fence === snapshot.fence ? before.percent : 0
    this.#jobs.set(jobId, { ...snapshot, percent: Math.max(floor, snapshot.percent) })
    this.#moved = true
  }

  forget(jobId: string): void {
    if (this.#jobs.delete(jobId)) this.#moved = true
    this.#doubted.delete(jobId)
  }

  /** The latest snapshot of a job of this process. */
  snapshotOf(jobId: string): Snapshot | undefined {
    return this.#jobs.get(jobId)
  }

  /** Writes pages until {@link stop}; a page that cannot be written is written with the next one. */
  async run(): Promise<void> {
    const { clock, log, timing } = this.#parts
    while (!this.#stopping.signal.aborted) {
      await clock.sleep(timing.tickMs, this.#stopping.signal)
      await this.#writeWhenDue().catch((err: unknown) => log.warn({ err }, 'progress page not written'))
    }
  }

  stop(): void {
    this.#stopping.abort()
  }

  /**
   * Whether a job is here for certain, as the store has taken a page of late and was never long without one: a process that
   * slept or was cut off must not trust what it remembers.
   */
  isConfirmed(jobId: string): boolean {
    const { clock, timing } = this.#parts
    return clock.now() - this.#writtenAt <= timing.confirmedForMs && !this.#doubted.has(jobId)
  }

  async #writeWhenDue(): Promise<void> {
    const { repository, workerId, clock, meter, timing } = this.#parts
    const now = clock.now()
    const beatIsDue = this.#jobs.size > 0 && now - this.#writtenAt >= timing.intervalMs
    if (!this.#moved && !beatIsDue) return
    this.#moved = false
    this.#sequence += 1
    const page = { workerId, sequence: this.#sequence, jobs: Object.fromEntries(this.#jobs), at: now }
    const requests = await repository.write(page, this.#handled).catch((error: unknown) => {
      this.#moved = true
      throw error
    })
    const silentMs = clock.now() - Math.max(this.#writtenAt, this.#busySince)
    if (silentMs > timing.confirmedForMs) meter.heartbeatLate()
    if (silentMs > timing.longestSilenceMs) for (const jobId of this.#jobs.keys()) this.#doubted.add(jobId)
    this.#writtenAt = now
    this.#handled = requests
    for (const request of requests) this.#onRequest(request)
  }
}
