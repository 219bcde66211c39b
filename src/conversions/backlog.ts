import type { Clock } from '../kernel/clock.ts'
import type { JobRepository } from './job-repository.ts'
import { readyAtOf } from './work-index.ts'

/** More cost more reads than they tell: a thousand queued jobs are 19 read units, an empty queue half a one. */
const MOST_COUNTED = 1000

/** What waits: jobs in the queue (a thousand at most are counted), and how long the one that might have begun first has. */
export async function queueBacklog(
  jobs: Pick<JobRepository, 'listOrders'>,
  clock: Pick<Clock, 'now'>,
): Promise<{ queuedJobs: number; longestWaitMs: number }> {
  const ready = (await jobs.listOrders(MOST_COUNTED)).map(readyAtOf)
  const now = clock.now()
  // A job that is tried again has its turn later, and is not late before that.
  return { queuedJobs: ready.length, longestWaitMs: ready.reduce((most, at) => Math.max(most, now - at), 0) }
}
