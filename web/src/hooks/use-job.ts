import { skipToken, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { JobView, ProgressView } from '../../../src/contract/jobs.ts'
import { ApiProblem } from '../api-problem.ts'
import { cancelJob, retryJob } from '../api.ts'
import { hasEnded, isLost } from '../tracks/job-news.ts'
import { progressQuery, recordQuery } from './job-queries.ts'
import { useFeed } from './use-feed.ts'

export type Job = {
  progress: ProgressView | undefined
  /** The whole record: what was asked for, what changes, and what came of it. */
  record: JobView | undefined
  /** Why there is no news. */
  problem: ApiProblem | undefined
  /** Whether there will never be any: the server does not know the job. */
  lost: boolean
  cancelling: boolean
  cancel: () => void
  /** Queues a failed or cancelled job again. */
  retry: () => void
}

const NOT_ASKED = 'none'
const RECORD_AGAIN_MS = 250

/** How a job fares, until it has ended; and what can be done with it. */
export function useJob(jobId: string | undefined): Job {
  const feed = useFeed()
  const queryClient = useQueryClient()
  const id = jobId ?? NOT_ASKED
  const asked = <Query extends object>(query: Query) =>
    jobId === undefined ? { ...query, queryFn: skipToken } : query
  const progress = useQuery(asked(progressQuery(id, feed)))
  const isOver = progress.data !== undefined && hasEnded(progress.data)
  const record = useQuery({
    ...asked(recordQuery(id)),
    // It is what it was when the job was asked for, until the job ends: then it is asked for until it tells the end.
    refetchInterval: ({ state: { data, error } }) =>
      isOver && !isLost(error) && !(data && hasEnded(data)) ? RECORD_AGAIN_MS : false,
  })
  useEffect(() => (jobId === undefined || isOver ? undefined : feed.follow(jobId)), [feed, jobId, isOver])

  const cancel = useMutation({ mutationFn: cancelJob })
  const retry = useMutation({
    mutationFn: retryJob,
    onSuccess: (view) => {
      queryClient.setQueryData(recordQuery(view.id).queryKey, view)
      queryClient.setQueryData(progressQuery(view.id, feed).queryKey, view.progress)
      feed.revive(view.id)
      cancel.reset()
    },
  })
  const { failureReason } = progress // unlike `error`, there from the first try that fails
  return {
    progress: progress.data,
    record: record.data,
    problem: failureReason instanceof ApiProblem ? failureReason : undefined,
    lost: isLost(failureReason),
    cancelling: !isOver && (cancel.isPending || cancel.isSuccess),
    cancel: () => jobId !== undefined && cancel.mutate(jobId),
    retry: () => jobId !== undefined && retry.mutate(jobId),
  }
}
