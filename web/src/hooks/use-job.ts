import { skipToken, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { JobState, JobView, ProgressView } from '../../../src/contract/jobs.ts'
import { ApiProblem, cancelJob, fetchJob, fetchProgress } from '../api.ts'

const ENDED = new Set<JobState>(['done', 'failed', 'cancelled'])
const ASK_AGAIN_MS = 1000
/** However eager the server is; and nought would mean never. */
const SHORTEST_WAIT_MS = 100

export type Job = {
  progress: ProgressView | undefined
  /** The whole record; there once the job has ended. */
  record: JobView | undefined
  /** Why there is no news. */
  problem: ApiProblem | undefined
  /** Whether there will never be any: the server does not know the job. */
  lost: boolean
  cancelling: boolean
  cancel: () => void
}

/** How a job fares. Asked again as often as the server thinks it worth, until the job has ended. */
export function useJob(jobId: string | undefined): Job {
  const queryClient = useQueryClient()
  const progressKey = ['progress', jobId]
  const progress = useQuery({
    queryKey: progressKey,
    queryFn: jobId === undefined ? skipToken : ({ signal }) => fetchProgress(jobId, signal),
    refetchInterval: ({ state: { data, error } }) => {
      if (isLost(error) || (data && ENDED.has(data.state))) return false
      return Math.max(SHORTEST_WAIT_MS, data?.pollAfterMs ?? ASK_AGAIN_MS)
    },
    refetchIntervalInBackground: true,
    structuralSharing: (before, after) => rising(before as ProgressView | undefined, after as ProgressView),
  })
  const ended = progress.data !== undefined && ENDED.has(progress.data.state)
  const record = useQuery({
    queryKey: ['job', jobId],
    queryFn: jobId === undefined || !ended ? skipToken : ({ signal }) => fetchJob(jobId, signal),
    staleTime: Infinity,
  })
  const { mutate, isPending, isSuccess, variables } = useMutation({
    mutationFn: cancelJob,
    onSettled: () => queryClient.invalidateQueries({ queryKey: progressKey }),
  })
  const { failureReason } = progress // unlike `error`, there from the first try that fails
  return {
    progress: progress.data,
    record: record.data,
    problem: failureReason instanceof ApiProblem ? failureReason : undefined,
    lost: isLost(failureReason),
    cancelling: variables === jobId && (isPending || isSuccess),
    cancel: () => jobId !== undefined && mutate(jobId),
  }
}

const isLost = (error: Error | null): boolean => error instanceof ApiProblem && !error.mayHeal

// An answer of the last known state may be older than what is on the screen.
const rising = (before: ProgressView | undefined, after: ProgressView): ProgressView =>
  before && before.progress > after.progress ? { ...after, progress: before.progress } : after
