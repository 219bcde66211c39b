import { SECOND_MS } from '../kernel/units.ts'
import type { JobStatus } from './job-status.ts'

/** How often a job is worth a look: a fifth of the time that is left, within these bounds. */
const LOOK = { shortestMs: SECOND_MS, longestMs: 15 * SECOND_MS }
const LOOKS_LEFT = 5
/** The nearer to the head of the queue, the sooner a job may start. */
const A_PLACE_MS = SECOND_MS / 2
const LONGEST_WAIT_MS = 5 * SECOND_MS

/** Milliseconds until a job that has not ended is worth another look. */
export function paceOf({ job, snapshot, queuePosition = 1 }: JobStatus): number {
  if (job.state === 'queued') return within(queuePosition * A_PLACE_MS, LONGEST_WAIT_MS)
  const leftMs = job.state === 'running' ? (snapshot?.etaMs ?? 0) : Number.POSITIVE_INFINITY
  return within(Math.round(leftMs / LOOKS_LEFT), LOOK.longestMs)
}

const within = (ms: number, longestMs: number) => Math.min(Math.max(ms, LOOK.shortestMs), longestMs)
