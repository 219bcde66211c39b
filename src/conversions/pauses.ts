import type { Clock } from '../kernel/clock.ts'

/** Pauses that grow while there is nothing to do, with jitter so that processes do not march in step. */
export class Pauses {
  readonly #parts: { clock: Clock; random: () => number }
  readonly #range: { shortestMs: number; longestMs: number }
  #nextMs: number
  #pausing = new AbortController()

  constructor(
    parts: { clock: Clock; random: () => number },
    range: { shortestMs: number; longestMs: number },
  ) {
    this.#parts = parts
    this.#range = range
    this.#nextMs = range.shortestMs
  }

  /** Sleeps half to all of the pause that is due, or until {@link wake}. */
  async pause(): Promise<void> {
    const { clock, random } = this.#parts
    await clock.sleep(this.#nextMs * (0.5 + random() / 2), this.#pausing.signal)
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
