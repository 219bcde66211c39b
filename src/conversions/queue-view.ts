import type { Clock } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { JobRepository } from './job-repository.ts'
import type { Job } from './job.ts'
import { workKeys } from './work-index.ts'

/** Positions beyond this are told as this one: counting costs reads. */
const FURTHEST_POSITION = 100
const FRESH_FOR_MS = SECOND_MS

/** The head of the queue, read at most once a second for all who wait in it. */
export class QueueView {
  readonly #jobs: Pick<JobRepository, 'listOrders'>
  readonly #clock: Clock
  #last: { orders: Promise<string[]>; at: number } | undefined

  constructor(jobs: Pick<JobRepository, 'listOrders'>, clock: Clock) {
    this.#jobs = jobs
    this.#clock = clock
  }

  /** Where a queued job stands: 1 is next. */
  async positionOf(job: Job): Promise<number> {
    const own = workKeys(job).workOrder ?? ''
    const before = (await this.#orders()).filter((order) => order < own).length
    return Math.min(before + 1, FURTHEST_POSITION)
  }

  #orders(): Promise<string[]> {
    const now = this.#clock.now()
    if (!this.#last || now - this.#last.at >= FRESH_FOR_MS) {
      const orders = this.#jobs.listOrders(FURTHEST_POSITION)
      this.#last = { orders, at: now }
      orders.catch(() => (this.#last = undefined))
    }
    return this.#last.orders
  }
}
