import { queryOptions } from '@tanstack/react-query'
import type { JobView, ProgressView } from '../../../src/contract/jobs.ts'
import { fetchJob, fetchProgress } from '../api.ts'
import type { JobFeed } from '../feed/job-feed.ts'
import { hasEnded, isLost, newest } from '../tracks/job-news.ts'

const ASK_AGAIN_MS = 1000
/** However eager the server is; and nought would mean never. */
const SHORTEST_WAIT_MS = 100
/** A line can be dead without a word: what comes by it is looked after now and then. */
const LOOK_AFTER_MS = 20_000

/** How a job fares: told by the feed, or asked for as often as the server thinks it worth, until the job has ended. */
export const progressQuery = (jobId: string, feed: JobFeed) =>
  queryOptions({
    queryKey: ['progress', jobId],
    queryFn: ({ signal }) => fetchProgress(jobId, signal),
    refetchInterval: ({ state: { data, error } }) => {
      if (isLost(error) || (data && hasEnded(data))) return false
      if (feed.isLive(jobId)) return LOOK_AFTER_MS
      return Math.max(SHORTEST_WAIT_MS, data?.pollAfterMs ?? ASK_AGAIN_MS)
    },
    refetchIntervalInBackground: true,
    staleTime: Infinity,
    structuralSharing: (before, after) => newest(before as ProgressView | undefined, after as ProgressView),
  })

/** The whole record, as it was when the job began or ended. */
export const recordQuery = (jobId: string) =>
  queryOptions({
    queryKey: ['job', jobId],
    queryFn: ({ signal }) => fetchJob(jobId, signal),
    staleTime: Infinity,
    structuralSharing: (_, after) => after as JobView,
  })
