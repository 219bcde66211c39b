import { sortableTime } from '../aws/index.ts'
import type { Job } from './job.ts'

const SHARD = '0'

/** A partition of the `work` index. */
export const QUEUED = `queued#${SHARD}`
export const RUNNING = `running#${SHARD}`
export const EXPIRING = `expiring#${SHARD}`

/** Where a job stands in the `work` index. Every live job is in exactly one partition: written with the state, always. */
export function workKeys({ jobId, state, priority, readyAt, owner, expiresAt }: Job): {
  workQueue: string | undefined
  workOrder: string | undefined
} {
  switch (state) {
    case 'queued':
      return {
        workQueue: QUEUED,
        workOrder: `${String(priority).padStart(2, '0')}#${sortableTime(readyAt)}#${jobId}`,
      }
    case 'running':
      return { workQueue: RUNNING, workOrder: `${owner ?? ''}#${jobId}` }
    case 'done':
    case 'failed':
    case 'cancelled':
    case 'deleting':
      return { workQueue: EXPIRING, workOrder: `${sortableTime(expiresAt)}#${jobId}` }
    case 'gone':
      return { workQueue: undefined, workOrder: undefined }
  }
}

/** Reads back what {@link workKeys} wrote for a queued job. */
export const readyAtOf = (workOrder: string) => Number(workOrder.split('#')[1])

/** The same of its id. */
export const jobIdOf = (workOrder: string) => workOrder.split('#')[2] ?? ''

/** Reads back what {@link workKeys} wrote for a running job. */
export const ownerOf = (workOrder: string) => workOrder.split('#')[0] ?? ''
