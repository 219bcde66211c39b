import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { Loop } from '../kernel/loop.ts'
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
  readonly #loop: Loop

  constructor(parts: QueueReportParts) {
    this.#parts = parts
    this.#loop = new Loop({ clock: parts.clock, everyMs: REPORT_EVERY_MS, round: () => this.#report() })
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
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
