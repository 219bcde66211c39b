import type { Clock } from '../kernel/clock.ts'
import { isOwnedBy } from '../kernel/ids.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { QueueFull } from './failures.ts'
import type { JobRepository } from './job-repository.ts'
import { jobIdOf } from './work-index.ts'

/** The list of a thousand jobs costs 19 read units, that of an empty queue half a one. */
const FRESH_FOR_MS = { short: SECOND_MS, long: 5 * SECOND_MS }
const SHORT = 100

export type QueueLimitsParts = {
  jobs: Pick<JobRepository, 'listOrders'>
  clock: Clock
  /** Jobs that may wait at once. */
  maxJobs: number
  /** The same, of one owner of API keys; undefined: no less than all. */
  maxJobsPerKey: number | undefined
}

/**
 * Keeps the queue from growing without end. Several processes look at it each for itself, so it may become longer by what
 * they take in within a few seconds.
 */
export class QueueLimits {
  readonly #parts: QueueLimitsParts
  #last: { waiting: Promise<string[]>; until: number } | undefined

  constructor(parts: QueueLimitsParts) {
    this.#parts = parts
  }

  /** Throws {@link QueueFull} where one more job is too many; otherwise counts it. */
  async admit(jobId: string, owner: string | undefined): Promise<void> {
    const { maxJobs, maxJobsPerKey = maxJobs } = this.#parts
    const waiting = await this.#waiting()
    if (waiting.length >= maxJobs) throw new QueueFull('all', maxJobs)
    if (owner !== undefined && waiting.filter((id) => isOwnedBy(id, owner)).length >= maxJobsPerKey)
      throw new QueueFull('yours', maxJobsPerKey)
    waiting.push(jobId)
  }

  #waiting(): Promise<string[]> {
    const { jobs, clock, maxJobs } = this.#parts
    if (!this.#last || clock.now() >= this.#last.until) {
      const waiting = jobs.listOrders(maxJobs).then((orders) => orders.map(jobIdOf))
      const asked = { waiting, until: clock.now() + FRESH_FOR_MS.short }
      this.#last = asked
      waiting.then(
        ({ length }) => length > SHORT && (asked.until += FRESH_FOR_MS.long - FRESH_FOR_MS.short),
        () => (this.#last = undefined),
      )
    }
    return this.#last.waiting
  }
}
