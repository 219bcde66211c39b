import { SECOND_MS } from '../kernel/units.ts'

/** When workers write heartbeats, and what others conclude from them. All in milliseconds. */
export type HeartbeatTiming = {
  /** Between two looks at whether there is something to write. */
  tickMs: number
  /** The longest a worker with running jobs goes without a write. */
  intervalMs: number
  /** How long after a write a worker may trust that its jobs are still its own: a few missed heartbeats. */
  confirmedForMs: number
  /** After a longer silence other workers may have rescued jobs, even if their revocations never arrived. */
  longestSilenceMs: number
  /** Silence after which other workers rescue a worker's jobs. */
  timeoutMs: number
}

const TICK_MS = SECOND_MS
const INTERVAL_MS = 2 * SECOND_MS
/** Of every thirty ticks within the timeout, two make an interval: a worker must miss fifteen heartbeats to be rescued from. */
const TICKS_PER_TIMEOUT = 30
const MISSED_BEFORE_DOUBT = 3

/** Derives all times from the timeout. A longer timeout than 30 s leaves heartbeats as they are, since progress depends on them. */
export function heartbeatTiming(timeoutMs: number): HeartbeatTiming {
  const tickMs = Math.min(TICK_MS, timeoutMs / TICKS_PER_TIMEOUT)
  const intervalMs = Math.min(INTERVAL_MS, 2 * tickMs)
  const confirmedForMs = MISSED_BEFORE_DOUBT * intervalMs
  return { tickMs, intervalMs, confirmedForMs, longestSilenceMs: timeoutMs / 3, timeoutMs }
}
