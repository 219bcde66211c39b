import type { Clock } from './clock.ts'

type LoopParts = {
  clock: Pick<Clock, 'sleep'>
  /** From the end of one round to the beginning of the next, in milliseconds. */
  everyMs: number
  /** Must not throw. */
  round: () => Promise<void>
}

/** Does something again and again in the background, until it is stopped. */
export class Loop {
  readonly #parts: LoopParts
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(parts: LoopParts) {
    this.#parts = parts
  }

  /** Whether a round that is long had better end now. */
  get isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Begins with a round at once. */
  start(): void {
    this.#running = this.#run()
  }

  /** Resolves when the round under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, everyMs, round } = this.#parts
    while (!this.isStopping) {
      await round()
      await clock.sleep(everyMs, this.#stopping.signal)
    }
  }
}
