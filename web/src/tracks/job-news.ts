import type { JobState, ProgressView } from '../../../src/contract/jobs.ts'
import { ApiProblem } from '../api-problem.ts'

const ENDED = new Set<JobState>(['done', 'failed', 'cancelled'])

export const hasEnded = ({ state }: { state: JobState }): boolean => ENDED.has(state)

/** Whether there will never be news. */
export const isLost = (error: Error | null): boolean => error instanceof ApiProblem && !error.mayHeal

/** An answer may be older than what is on the screen: nothing goes back within an attempt, but for a job that is tried again. */
export function newest(before: ProgressView | undefined, after: ProgressView): ProgressView {
  if (!before || before.attempt < after.attempt || hasEnded(after)) return after
  const isOlder = after.updatedAt < before.updatedAt
  if (before.attempt > after.attempt || (hasEnded(before) && isOlder)) return before
  if (hasEnded(before)) return after
  return before.progress > after.progress ? { ...after, progress: before.progress } : after
}
