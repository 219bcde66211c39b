import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { MINUTE_MS } from '../kernel/units.ts'
import { queueBacklog } from './backlog.ts'
import type { JobRepository } from './job-repository.ts'

const REPORT_EVERY_MS = MINUTE_MS

export type QueueReportParts = { jobs: Pick<JobRepository, 'listOrders'>; clock: Clock; log: Log }

/**
 * Logs each minute how many jobs wait (1000 at most) and how long the oldest of them has been able to start, in
 * milliseconds. For operators who scale and alarm by log lines: every process says the same, so the highest counts.
 */
export class QueueReport {
  readonly #parts: QueueReportParts
  readonly #stopping = new AbortController()
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: QueueReportParts) {
    this.#parts = parts
  }

  start(): void {
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#report()
      await this.#parts.clock.sleep(REPORT_EVERY_MS, this.#stopping.signal)
    }
  }

  async #report(): Promise<void> {
    const { jobs, clock, log } = this.#parts
    try {
      const { queuedJobs: queued, longestWaitMs: oldestQueuedMs } = await queueBacklog(jobs, clock)
      log.info({ queued, oldestQueuedMs }, 'queue')
    } catch (err) {
      log.warn({ err }, 'queue not read')
    }
  }
}
