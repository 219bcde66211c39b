import type { Clock } from '../kernel/clock.ts'

/** Pauses that grow while there is nothing to do, with jitter so that processes do not march in step. */
export class Pauses {
  readonly #clock: Clock
  readonly #range: { shortestMs: number; longestMs: number }
  #nextMs: number
  #pausing = new AbortController()

  constructor(clock: Clock, range: { shortestMs: number; longestMs: number }) {
    this.#clock = clock
    this.#range = range
    this.#nextMs = range.shortestMs
  }

  /** Sleeps half to all of the pause that is due, or until {@link wake}. */
  async pause(): Promise<void> {
    await this.#clock.sleep(this.#nextMs * (0.5 + Math.random() / 2), this.#pausing.signal)
    this.#pausing = new AbortController()
    this.#nextMs = Math.min(this.#nextMs * 2, this.#range.longestMs)
  }

  /** The next pause is short again. */
  reset(): void {
    this.#nextMs = this.#range.shortestMs
  }

  /** Ends the pause under way at once, or skips the next one. */
  wake(): void {
    this.reset()
    this.#pausing.abort()
  }
}
