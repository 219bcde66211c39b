import type { Clock } from '../kernel/clock.ts'
import { ok, warn, type Finding } from './check.ts'

/** Calls whose median is told: an odd number, and the first one, which opens the connection, does not count. */
const CALLS = 9

type Timed = { store: string; clock: Pick<Clock, 'now'>; slowMs: number; call: () => Promise<unknown> }

/** How long a store takes for its cheapest call. */
export async function timeCalls({ store, clock, slowMs, call }: Timed): Promise<Finding> {
  await call()
  const times: number[] = []
  for (let at = 0; at < CALLS; at++) {
    const begunAt = clock.now()
    await call()
    times.push(clock.now() - begunAt)
  }
  const median = times.sort((a, b) => a - b)[(CALLS - 1) / 2] ?? 0
  const found = `${store} answers within ${median} ms (median of ${CALLS} calls).`
  return median < slowMs ? ok(found) : warn(found, 'Run the service in the region of its stores.')
}
