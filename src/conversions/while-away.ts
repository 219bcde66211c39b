import { StoreUnavailable } from '../aws/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'

const AGAIN_AFTER_MS = 5 * SECOND_MS

export type Patience = {
  clock: Clock
  /** Numbers in [0, 1): so that processes do not come back in step. */
  random: () => number
  /** Ends the waiting; the last {@link StoreUnavailable} is then thrown. */
  signal: AbortSignal
  /** Told of each time the store refused. */
  onAway: (error: StoreUnavailable) => Promise<void> | void
}

/**
 * Does what finished work still needs of a store, as often as it takes until that store is back: an outbox of one. The
 * SDK has spent its own retries each time.
 */
export async function whileAway<Result>(patience: Patience, attempt: () => Promise<Result>): Promise<Result> {
  const { clock, random, signal, onAway } = patience
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      await onAway(error)
      if (signal.aborted) throw error
      await clock.sleep(AGAIN_AFTER_MS * (0.5 + random() / 2), signal)
    }
  }
}
