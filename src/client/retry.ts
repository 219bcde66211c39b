import { Hiccup, UploadFailed } from './failure.ts'
import type { Timing } from './timing.ts'

/** First and largest ceiling of the wait between two tries; the wait is any time below it ("full jitter"). */
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
/** How long one request is repeated, from its first failure on. Time spent offline does not count. */
const KEEP_TRYING_MS = 10 * 60_000

type RetryParts = {
  timing: Timing
  /** Resolves once there is a network; at once where that cannot be known. */
  whenOnline: (signal: AbortSignal) => Promise<void>
  signal: AbortSignal
}

/** Repeats `attempt` while it throws a {@link Hiccup}. */
export type Retry = <T>(attempt: () => Promise<T>, onHiccup?: (hiccup: Hiccup) => void) => Promise<T>

export function createRetry({ timing, whenOnline, signal }: RetryParts): Retry {
  return async (attempt, onHiccup) => {
    let giveUpAt = Infinity
    for (let failures = 0; ; failures++) {
      signal.throwIfAborted()
      try {
        return await attempt()
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof Hiccup)) throw error
        onHiccup?.(error)
        if (failures === 0) giveUpAt = timing.now() + KEEP_TRYING_MS
        const leftMs = giveUpAt - timing.now()
        if (leftMs <= 0) throw new UploadFailed('unreachable', error.message, { cause: error })
        await timing.sleep(Math.min(leftMs, waitMs(error, failures, timing)), signal)
        const offlineSince = timing.now()
        await whenOnline(signal)
        giveUpAt += timing.now() - offlineSince
      }
    }
  }
}

// The jitter comes on top of what the server asks for: else all its clients would be back at the same moment.
function waitMs(hiccup: Hiccup, failures: number, timing: Timing): number {
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures)
  return hiccup.retryAfterMs + timing.random() * ceiling
}
