import type { Snapshot } from '../progress/index.ts'
import type { Job } from './job.ts'

/** A job as it stands: with what its worker last said while it runs, its place in the queue while it waits. */
export type JobStatus = { job: Job; snapshot?: Snapshot | undefined; queuePosition?: number | undefined }

/** A job as this process knows it. `nextAt`: when it may know more. All times in epoch milliseconds. */
export type Seen = { status: JobStatus; stale: boolean; asOf: number; nextAt: number }
