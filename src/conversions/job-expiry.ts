import type { Removed } from '../aws/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { isId } from '../kernel/ids.ts'
import type { Log } from '../kernel/log.ts'
import { JobConflict } from './failures.ts'
import { hasEnded } from './job.ts'
import type { JobRepository } from './job-repository.ts'
import type { ResultStore } from './result-store.ts'

export type JobExpiryParts = {
  jobs: Pick<JobRepository, 'bury' | 'find' | 'listExpired' | 'markDeleting'>
  results: Pick<ResultStore, 'erase' | 'listIds'>
  clock: Pick<Clock, 'now'>
  log: Log
}

/** The end of jobs, in their time or before. Every step is safe to repeat. */
export class JobExpiry {
  readonly #parts: JobExpiryParts

  constructor(parts: JobExpiryParts) {
    this.#parts = parts
  }

  /** Ids of ended jobs whose time is over. */
  listExpired(limit: number): Promise<string[]> {
    return this.#parts.jobs.listExpired(this.#parts.clock.now(), limit)
  }

  /** Removes an expired job with all it owns; undefined when it is gone already. */
  expire(jobId: string): Promise<Removed | undefined> {
    return this.#remove(jobId, this.#parts.clock.now())
  }

  /** Removes an ended job with all it owns, before its time. Throws JobConflict while it waits or runs. */
  async removeNow(jobId: string): Promise<void> {
    if (await this.#remove(jobId, Number.MAX_SAFE_INTEGER)) return
    const job = isId(jobId) ? await this.#parts.jobs.find(jobId) : undefined
    if (job && !hasEnded(job)) throw new JobConflict(job.state, 'deleted')
  }

  async #remove(jobId: string, expiredBy: number): Promise<Removed | undefined> {
    const { jobs, results, clock, log } = this.#parts
    if (!isId(jobId) || !(await jobs.markDeleting(jobId, clock.now(), { expiredBy }))) return undefined
    const removed = await results.erase(jobId)
    await jobs.bury(jobId, clock.now())
    log.info({ jobId, ...removed }, 'job removed')
    return removed
  }

  /** Ids of results in the store that no record tells of any more. Rows come before bytes, so nothing new is among them. */
  async *listOrphans(): AsyncGenerator<string> {
    const { results, jobs } = this.#parts
    for await (const id of results.listIds()) {
      if (!isId(id)) continue // not ours
      const job = await jobs.find(id)
      if (!job || job.state === 'gone') yield id
    }
  }

  /** Removes the results of an orphan. */
  removeOrphan(jobId: string): Promise<Removed> {
    return this.#parts.results.erase(jobId)
  }
}
