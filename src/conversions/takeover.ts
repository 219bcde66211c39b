import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Meter } from '../kernel/meter.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { Page, ProgressRepository } from '../progress/index.ts'
import type { JobRepository } from './job-repository.ts'
import type { Job, LeasedJob } from './job.ts'
import { cancelled, failed } from './settlement.ts'

/** A job that kills its worker this often is poison. */
const MOST_CRASHES = 3
const FIRST_BACKOFF_MS = SECOND_MS

export type TakeoverParts = {
  jobs: Pick<JobRepository, 'listRunning' | 'find' | 'settle'>
  pages: Pick<ProgressRepository, 'read' | 'leave'>
  workerId: string
  clock: Clock
  log: Log
  meter: Pick<Meter, 'jobTakenOver' | 'jobEnded'>
  /**
   * How long a job's progress may stay unchanged before its lease counts as expired, in milliseconds: the heartbeat
   * timeout where processes share the stores; 0 where this process alone has them, so that no other can hold a lease.
   */
  deadAfterMs: number
  /** Milliseconds a job is kept after it ended. */
  retentionMs: number
}

/**
 * Finds running jobs that nobody works on and puts them back into the queue. A lease is dead when its job's line on its
 * worker's page did not move between two reads of ours that lie far enough apart: the worker died, or it never heard
 * that its claim was granted. A failed read clears the memory, so that an outage of the store never looks like the death
 * of everybody.
 */
export class Takeover {
  readonly #parts: TakeoverParts
  /** The last sign of life of each running job, and since when it is the last. */
  #seen = new Map<string, { sign: string; since: number }>()

  constructor(parts: TakeoverParts) {
    this.#parts = parts
  }

  /** Looks once, at all but the jobs that this process `holds`; gives how many jobs were taken. */
  async look(holds: (jobId: string) => boolean): Promise<number> {
    try {
      return await this.#look(holds)
    } catch (error) {
      this.#seen.clear()
      throw error
    }
  }

  async #look(holds: (jobId: string) => boolean): Promise<number> {
    const running = (await this.#parts.jobs.listRunning()).filter(({ jobId }) => !holds(jobId))
    const pages = await this.#pagesOf(new Set(running.map(({ owner }) => owner)))
    const ids = new Set(running.map(({ jobId }) => jobId))
    this.#seen = new Map([...this.#seen].filter(([jobId]) => ids.has(jobId)))
    let taken = 0
    for (const { jobId, owner } of running) {
      const page = pages.get(owner)
      if (this.#isDead(jobId, owner, page) && (await this.#requeue(jobId, owner, page))) taken += 1
    }
    return taken
  }

  async #pagesOf(owners: ReadonlySet<string>): Promise<Map<string, Page | undefined>> {
    const { pages } = this.#parts
    return new Map(
      await Promise.all([...owners].map(async (owner) => [owner, await pages.read(owner)] as const)),
    )
  }

  #isDead(jobId: string, owner: string, page: Page | undefined): boolean {
    const { clock, deadAfterMs } = this.#parts
    const line = page?.jobs[jobId]
    const sign = `${owner}#${line ? `${line.fence}#${page.sequence}` : 'no line'}`
    const before = this.#seen.get(jobId)
    if (before?.sign === sign) return clock.now() - before.since >= deadAfterMs
    this.#seen.set(jobId, { sign, since: clock.now() })
    return false
  }

  async #requeue(jobId: string, owner: string, page: Page | undefined): Promise<boolean> {
    const { jobs, clock, log, retentionMs } = this.#parts
    const job = await jobs.find(jobId)
    if (job?.state !== 'running' || job.owner !== owner) return false
    const leased: LeasedJob = { ...job, owner }
    const now = clock.now()
    const crashes = job.crashes + 1
    const end = { now, percent: page?.jobs[jobId]?.percent ?? 0, retentionMs }
    const settlement =
      crashes >= MOST_CRASHES
        ? { ...failed(end, 'worker-died', POISONED), crashes }
        : { state: 'queued' as const, crashes, readyAt: now + backoffMs(crashes), updatedAt: now }
    const outcome = await jobs.settle(leased, settlement)
    const taken =
      outcome === 'settled' ||
      (outcome === 'cancel-asked' && (await jobs.settle(leased, cancelled(end))) === 'settled')
    if (!taken) return false
    const state = outcome === 'settled' ? settlement.state : 'cancelled'
    log.warn({ jobId, owner, crashes, state }, 'job taken from a dead worker')
    this.#count(state)
    await this.#tellOwner(leased)
    return true
  }

  #count(state: Job['state']): void {
    const { meter } = this.#parts
    meter.jobTakenOver()
    if (state === 'failed' || state === 'cancelled') meter.jobEnded(state)
  }

  /** A worker that only slept stops wasting its time on the job; the fence would stop it from committing anyway. */
  async #tellOwner({ jobId, fence, owner }: LeasedJob): Promise<void> {
    const { pages, clock, log } = this.#parts
    await pages.leave(owner, { wish: 'revoke', jobId, fence }, clock.now()).catch((err: unknown) => {
      log.warn({ err, jobId, owner }, 'revocation not left')
    })
  }
}

const POISONED = 'The conversion was given up: the process that ran it died each time.'

/** Doubles with each crash. */
const backoffMs = (crashes: number) => FIRST_BACKOFF_MS * 2 ** (crashes - 1)
