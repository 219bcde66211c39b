import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Sources } from '../uploads/index.ts'
import type { JobRepository } from './job-repository.ts'
import { hasEnded, sourcesOf, type Job } from './job.ts'

/** A job that is older than this share of the retention time has its source kept for another retention time. */
const OLD_AFTER = 1 / 3
/** Waiting jobs looked at in one go, the oldest first. */
const MOST_WAITING = 500

export type SourceKeeperParts = {
  jobs: Pick<JobRepository, 'find' | 'listQueued' | 'listRunning'>
  sources: Pick<Sources, 'keep'>
  clock: Clock
  log: Log
  /** Milliseconds a source is kept after its job was queued. */
  retentionMs: number
}

/** Sees that no source expires while a job still waits for it or runs: a queue can be longer than the retention time. */
export class SourceKeeper {
  readonly #parts: SourceKeeperParts

  constructor(parts: SourceKeeperParts) {
    this.#parts = parts
  }

  /** Prolongs the lives of all sources whose jobs were queued long ago and have not ended. Safe to repeat. */
  async keep(): Promise<void> {
    const { jobs, clock, retentionMs } = this.#parts
    const oldSince = clock.now() - retentionMs * OLD_AFTER
    const running = (await jobs.listRunning()).map(({ jobId }) => jobId)
    const waiting = await jobs.listQueued(MOST_WAITING, oldSince)
    const found = await Promise.all([...running, ...waiting].map((jobId) => jobs.find(jobId)))
    for (const job of found) if (job && !hasEnded(job) && job.createdAt <= oldSince) await this.#keep(job)
  }

  async #keep(job: Job): Promise<void> {
    const { sources, clock, log, retentionMs } = this.#parts
    for (const { uploadId } of sourcesOf(job)) {
      const kept = await sources.keep(uploadId, clock.now() + retentionMs)
      if (!kept) log.warn({ jobId: job.jobId, uploadId }, 'source of a waiting job is gone')
    }
  }
}
