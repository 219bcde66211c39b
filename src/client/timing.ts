/** Time and chance as the client sees them; injected, so that tests wait for nothing. */
export type Timing = {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Resolves after `ms` milliseconds; resolves early when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Calls `fire` after `ms` milliseconds, unless the returned function is called first. */
  timer(ms: number, fire: () => void): () => void
  /** At least 0, less than 1. */
  random(): number
}

export const systemTiming: Timing = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const wake = () => {
        stop()
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const stop = systemTiming.timer(ms, wake)
      signal.addEventListener('abort', wake)
      if (signal.aborted) wake()
    }),
  timer(ms, fire) {
    const timeout = setTimeout(fire, ms)
    return () => clearTimeout(timeout)
  },
  random: () => Math.random(),
}
