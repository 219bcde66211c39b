import { isOutage, StoreUnavailable } from '../../src/aws/outages.ts'
import type { Random } from '../support/random.ts'
import type { Lane, Scheduler } from './scheduler.ts'

export type StoreName = 'state' | 'objects'

/** Shares of all calls that meet with something. */
export type Faults = {
  throttled: number
  /** Never arrives. */
  lost: number
  /** Done by the store, and the answer never arrives. */
  answerLost: number
  /** Done, and done once more up to half a minute later. */
  repeated: number
  /** On its way for longer than anybody waits. */
  late: number
}
export const NO_FAULTS: Faults = { throttled: 0, lost: 0, answerLost: 0, repeated: 0, late: 0 }

/** How long one attempt may take, in milliseconds, and how many there are, as the clients of the program have it. */
export type Patience = { timeoutMs: number; attempts: number }

const LATENCY_MS = { least: 1, most: 80 }
const LATE_MS = { least: 500, most: 20_000 }
const REPEATED_AFTER_MS = { least: 1, most: 30_000 }
const FIRST_BACKOFF_MS = 50

/** What lies between processes and stores. */
export class Network {
  readonly #scheduler: Scheduler
  readonly #random: Random
  faults: Faults = NO_FAULTS
  /** Stores that nobody reaches, and processes that reach none. */
  readonly away = new Set<StoreName | Lane>()

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler
    this.#random = random
  }

  latency(): number {
    return this.#random.seldomLong(LATENCY_MS.least, LATENCY_MS.most)
  }

  /** A call of a store with the retries of the SDK. Throws what the store throws, or StoreUnavailable. */
  async call<Answer>(
    lane: Lane,
    store: StoreName,
    patience: Patience,
    act: () => Answer,
  ): Promise<Awaited<Answer>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(lane, store, patience.timeoutMs, act)
      } catch (error) {
        if (!isOutage(error)) throw error
        if (attempt >= patience.attempts) throw new StoreUnavailable(store, error)
        await this.#sleep(lane, this.#random.next() * FIRST_BACKOFF_MS * 2 ** attempt)
      }
    }
  }

  #sleep(lane: Lane, ms: number): Promise<void> {
    return new Promise((resolve) => this.#scheduler.after(ms, lane, resolve))
  }

  #attempt<Answer>(lane: Lane, store: StoreName, timeoutMs: number, act: () => Answer): Promise<Answer> {
    const { world } = this.#scheduler
    return new Promise((resolve, reject) => {
      const timer = this.#scheduler.after(timeoutMs, lane, () => reject(named('TimeoutError')))
      const answer = (deliver: () => void) =>
        this.#scheduler.after(this.latency(), lane, () => {
          this.#scheduler.cancel(timer)
          deliver()
        })
      const fault = this.#fault()
      if (this.#isAway(lane, store)) {
        // Half of all outages refuse, the others are silent.
        if (this.#random.chance(0.5)) answer(() => reject(coded('ECONNREFUSED')))
        return
      }
      if (fault === 'throttled') return void answer(() => reject(named('ThrottlingException')))
      if (fault === 'lost') return
      const arrive = () => {
        const outcome = settle(act)
        if (fault === 'answerLost') return
        answer(() => ('error' in outcome ? reject(asError(outcome.error)) : resolve(outcome.value)))
      }
      const late = fault === 'late' ? this.#random.between(LATE_MS.least, LATE_MS.most) : 0
      this.#scheduler.after(this.latency() + late, world, arrive)
      const again = this.#random.between(REPEATED_AFTER_MS.least, REPEATED_AFTER_MS.most)
      if (fault === 'repeated') this.#scheduler.after(again, world, () => settle(act))
    })
  }

  #isAway(lane: Lane, store: StoreName): boolean {
    return this.away.has(store) || this.away.has(lane)
  }

  #fault(): keyof Faults | 'none' {
    const { throttled, lost, answerLost, repeated, late } = this.faults
    return this.#random.weighted<keyof Faults | 'none'>(
      [
        [throttled, 'throttled'],
        [lost, 'lost'],
        [answerLost, 'answerLost'],
        [repeated, 'repeated'],
        [late, 'late'],
        [1 - throttled - lost - answerLost - repeated - late, 'none'],
      ],
      'none',
    )
  }
}

function settle<Answer>(act: () => Answer): { value: Answer } | { error: unknown } {
  try {
    return { value: act() }
  } catch (error) {
    return { error }
  }
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
const named = (name: string) => Object.assign(new Error(name), { name })
const coded = (code: string) => Object.assign(new Error(code), { code })
