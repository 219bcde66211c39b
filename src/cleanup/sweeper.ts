import type { Removed } from '../aws/index.ts'
import type { Conversions } from '../conversions/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { MINUTE_MS } from '../kernel/units.ts'
import type { Uploads } from '../uploads/index.ts'

const SWEEP_EVERY_MS = MINUTE_MS
/** Records of one kind taken in one sweep; the next one goes on. */
const MOST_PER_SWEEP = 500

/** What one sweep removed. `failures` are records that stay for the next sweep. */
export type SweepReport = Removed & {
  expiredJobs: number
  expiredUploads: number
  failures: number
  durationMs: number
}

export type SweeperParts = {
  uploads: Pick<Uploads, 'listExpired' | 'expire'>
  conversions: Pick<Conversions, 'listExpired' | 'expire'>
  clock: Clock
  log: Log
}

/**
 * Removes expired jobs and uploads with their objects, every minute. Any number of processes may sweep at once: each
 * step is safe to repeat, so that a crash in the middle is swept up by the next one.
 */
export class Sweeper {
  readonly #parts: SweeperParts
  readonly #stopping = new AbortController()
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: SweeperParts) {
    this.#parts = parts
  }

  start(): void {
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
  }

  /** Sweeps once. One failure does not stop the rest. */
  async sweep(): Promise<SweepReport> {
    const { conversions, uploads, clock } = this.#parts
    const startedAt = clock.now()
    const jobs = await this.#expireAll(conversions)
    const files = await this.#expireAll(uploads)
    return {
      expiredJobs: jobs.expired,
      expiredUploads: files.expired,
      deletedObjects: jobs.deletedObjects + files.deletedObjects,
      abortedUploads: jobs.abortedUploads + files.abortedUploads,
      freedBytes: jobs.freedBytes + files.freedBytes,
      failures: jobs.failures + files.failures,
      durationMs: clock.now() - startedAt,
    }
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts
    while (!this.#stopping.signal.aborted) {
      try {
        const report = await this.sweep()
        if (report.expiredJobs + report.expiredUploads + report.failures > 0) log.info(report, 'swept')
      } catch (err) {
        log.warn({ err }, 'sweep failed')
      }
      await clock.sleep(SWEEP_EVERY_MS, this.#stopping.signal)
    }
  }

  async #expireAll(room: Expirable) {
    const sum = { expired: 0, failures: 0, deletedObjects: 0, abortedUploads: 0, freedBytes: 0 }
    for (const id of await room.listExpired(MOST_PER_SWEEP)) {
      if (this.#stopping.signal.aborted) break
      try {
        const removed = await room.expire(id)
        if (!removed) continue
        sum.expired += 1
        sum.deletedObjects += removed.deletedObjects
        sum.abortedUploads += removed.abortedUploads
        sum.freedBytes += removed.freedBytes
      } catch (err) {
        sum.failures += 1
        this.#parts.log.warn({ err, id }, 'an expired record could not be removed')
      }
    }
    return sum
  }
}

/** Anything with records that expire. */
type Expirable = {
  listExpired: (limit: number) => Promise<string[]>
  expire: (id: string) => Promise<Removed | undefined>
}
