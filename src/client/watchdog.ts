import { Hiccup } from './failure.ts'
import type { Timing } from './timing.ts'

type Work<T> = (signal: AbortSignal, alive: () => void) => Promise<T>

/**
 * Runs `work`, and aborts it when it has not called `alive` for `idleMs`. A request that hangs for ever
 * is the one failure that never reports itself.
 */
export async function watched<T>(
  timing: Timing,
  idleMs: number,
  outer: AbortSignal,
  work: Work<T>,
): Promise<T> {
  const stalled = new AbortController()
  const arm = () => timing.timer(idleMs, () => stalled.abort(new Hiccup(`No progress for ${idleMs} ms`)))
  let disarm = arm()
  const alive = () => {
    disarm()
    disarm = arm()
  }
  try {
    return await work(AbortSignal.any([outer, stalled.signal]), alive)
  } finally {
    disarm()
  }
}
