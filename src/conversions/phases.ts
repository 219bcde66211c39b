import type { Snapshot } from '../progress/index.ts'

/** Where each phase begins, in percent of the whole; 100 is told by the job's row alone. */
export const BEGINS = { fetching: 0, analysing: 5, converting: 10, storing: 95 }
export const ENDS = 99

/** The phase of a job that is so far; undefined where two of them meet, or nothing has begun. */
export function phaseAt(percent: number): Snapshot['phase'] | undefined {
  if (percent > BEGINS.storing) return 'storing'
  return percent > BEGINS.converting && percent < BEGINS.storing ? 'converting' : undefined
}
