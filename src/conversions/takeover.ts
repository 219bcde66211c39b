import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { ProgressRepository } from '../progress/index.ts'
import type { JobRepository } from './job-repository.ts'
import type { LeasedJob } from './job.ts'
import { cancelled, failed } from './settlement.ts'

/** A job that kills its worker this often is poison. */
const MOST_CRASHES = 3
const FIRST_BACKOFF_MS = SECOND_MS

export type TakeoverParts = {
  jobs: JobRepository
  pages: Pick<ProgressRepository, 'read'>
  workerId: string
  clock: Clock
  log: Log
  /**
   * How long a worker's page may stand still before it counts as dead, in milliseconds. 30,000 between processes; 0
   * where the stores belong to this process alone, since whoever had the job is then dead for certain.
   */
  deadAfterMs: number
  /** Milliseconds a job is kept after it ended. */
  retentionMs: number
}

/**
 * Finds jobs of dead workers and puts them back into the queue. A worker is dead when its page counter did not move
 * between two reads of ours that lie far enough apart; a failed read clears the memory, so that an outage of the
 * store never looks like the death of everybody.
 */
export class Takeover {
  readonly #parts: TakeoverParts
  #seen = new Map<string, { sequence: number; since: number }>()

  constructor(parts: TakeoverParts) {
    this.#parts = parts
  }

  /** Looks once; gives how many jobs were taken from the dead. */
  async look(): Promise<number> {
    try {
      return await this.#look()
    } catch (error) {
      this.#seen.clear()
      throw error
    }
  }

  async #look(): Promise<number> {
    const { jobs, workerId } = this.#parts
    const running = (await jobs.listRunning()).filter(({ owner }) => owner !== workerId)
    const owners = new Set(running.map(({ owner }) => owner))
    const dead = new Set<string>()
    for (const owner of owners) if (await this.#isDead(owner)) dead.add(owner)
    this.#seen = new Map([...this.#seen].filter(([owner]) => owners.has(owner)))
    let taken = 0
    for (const { jobId, owner } of running)
      if (dead.has(owner) && (await this.#requeue(jobId, owner))) taken += 1
    return taken
  }

  async #isDead(owner: string): Promise<boolean> {
    const { pages, clock, deadAfterMs } = this.#parts
    const sequence = (await pages.read(owner))?.sequence ?? 0
    const before = this.#seen.get(owner)
    if (before?.sequence === sequence) return clock.now() - before.since >= deadAfterMs
    this.#seen.set(owner, { sequence, since: clock.now() })
    return false
  }

  async #requeue(jobId: string, owner: string): Promise<boolean> {
    const { jobs, pages, clock, log, retentionMs } = this.#parts
    const job = await jobs.find(jobId)
    if (job?.state !== 'running' || job.owner !== owner) return false
    const leased: LeasedJob = { ...job, owner }
    const now = clock.now()
    const crashes = job.crashes + 1
    const percent = (await pages.read(owner))?.jobs[jobId]?.percent ?? 0
    const end = { now, percent, retentionMs }
    const settlement =
      crashes >= MOST_CRASHES
        ? { ...failed(end, 'worker-died', POISONED), crashes }
        : { state: 'queued' as const, crashes, readyAt: now + backoffMs(crashes), updatedAt: now }
    const outcome = await jobs.settle(leased, settlement)
    const taken =
      outcome === 'settled' ||
      (outcome === 'cancel-asked' && (await jobs.settle(leased, cancelled(end))) === 'settled')
    if (taken) log.warn({ jobId, owner, crashes }, 'job taken from a dead worker')
    return taken
  }
}

const POISONED = 'The conversion was given up: the process that ran it died each time.'

/** Doubles with each crash. */
const backoffMs = (crashes: number) => FIRST_BACKOFF_MS * 2 ** (crashes - 1)
