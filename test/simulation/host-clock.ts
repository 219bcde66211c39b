import type { Clock } from '../../src/kernel/clock.ts'
import type { Lane, Scheduler } from './scheduler.ts'

/** How wrong the clock of a machine is: by how many milliseconds, and how much it gains in each. */
export type Skew = { offsetMs: number; drift: number }

/** The clock of one machine, as one process on it sees it. */
export class HostClock implements Clock {
  readonly #scheduler: Scheduler
  readonly #lane: Lane
  readonly #skew: Skew

  constructor(scheduler: Scheduler, lane: Lane, skew: Skew = { offsetMs: 0, drift: 0 }) {
    this.#scheduler = scheduler
    this.#lane = lane
    this.#skew = skew
  }

  now(): number {
    const { offsetMs, drift } = this.#skew
    const { now, startedAt } = this.#scheduler
    return Math.round(now + (now - startedAt) * drift) + offsetMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        this.#scheduler.cancel(event)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const event = this.#scheduler.after(ms / (1 + this.#skew.drift), this.#lane, wake)
      signal?.addEventListener('abort', wake, { once: true })
    })
  }
}
