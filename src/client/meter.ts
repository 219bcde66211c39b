import type { Timing } from './timing.ts'

/** What is older than this hardly counts any more. */
const MEMORY_MS = 5000
/** Progress comes in bursts: a shorter time says nothing. */
const MEASURE_MS = 1000

/** Bytes per second, smoothed over the last seconds. */
export function createMeter(timing: Timing) {
  let since: number | undefined
  let from = 0
  let rate: number | undefined

  return {
    /** The speed now that there are `bytes`; undefined until there is something to measure. */
    at(bytes: number): number | undefined {
      if (since === undefined) {
        since = timing.now()
        from = bytes
      }
      const ms = timing.now() - since
      if (ms < MEASURE_MS) return rate
      const latest = ((bytes - from) / ms) * 1000
      // Weighted by its length, so that a long standstill counts in full.
      rate = latest + ((rate ?? latest) - latest) * Math.exp(-ms / MEMORY_MS)
      since += ms
      from = bytes
      return rate
    },
    /** `bytes` that turned out to be there already were not sent just now. */
    skip: (bytes: number) => void (from += bytes),
    reset: () => (since = rate = undefined),
  }
}
