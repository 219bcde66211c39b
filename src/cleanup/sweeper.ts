import type { Removed } from '../aws/index.ts'
import type { JobExpiry, SourceKeeper } from '../conversions/index.ts'
import type { CleanupView } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { Loop } from '../kernel/loop.ts'
import { HOUR_MS, MINUTE_MS } from '../kernel/units.ts'
import type { UploadExpiry } from '../uploads/index.ts'

const SWEEP_EVERY_MS = MINUTE_MS
/** Looking for orphans lists the whole bucket, and what it finds is rare. */
const ORPHANS_EVERY_MS = 24 * HOUR_MS
/** Expired records of one kind taken in one sweep; the next one goes on. */
const MOST_PER_SWEEP = 500

/** What every feature that has something to expire offers. */
type Room = Pick<UploadExpiry & JobExpiry, 'expire' | 'listExpired' | 'listOrphans' | 'removeOrphan'>

export type SweeperParts = {
  uploads: Room
  jobs: Room
  /** Asked before uploads are removed. */
  keeper: Pick<SourceKeeper, 'keep'>
  clock: Clock
  log: Log
  /** Told of what each sweep did. */
  onSwept: (report: CleanupView) => void
}

/**
 * Removes expired jobs and uploads with their objects, every minute. Any number of processes may sweep at once: each
 * step is safe to repeat, so that a crash in the middle is swept up by the next one.
 */
export class Sweeper {
  readonly #parts: SweeperParts
  readonly #loop: Loop
  #orphansAt = 0

  constructor(parts: SweeperParts) {
    this.#parts = parts
    this.#loop = new Loop({ clock: parts.clock, everyMs: SWEEP_EVERY_MS, round: () => this.#round() })
  }

  start(): void {
    this.#orphansAt = this.#parts.clock.now() + HOUR_MS
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** Sweeps once; with `orphans` also objects whose record is gone. One failure does not stop the rest. */
  async sweep({ orphans }: { orphans: boolean }): Promise<CleanupView> {
    const { uploads, keeper, clock, onSwept } = this.#parts
    const startedAt = clock.now()
    const jobs = await this.#sweepRoom(this.#parts.jobs, orphans)
    const files = await this.#sweepRoom(uploads, orphans, () => keeper.keep())
    const report = {
      expiredJobs: jobs.expired,
      expiredUploads: files.expired,
      orphans: jobs.orphans + files.orphans,
      deletedObjects: jobs.deletedObjects + files.deletedObjects,
      abortedUploads: jobs.abortedUploads + files.abortedUploads,
      freedBytes: jobs.freedBytes + files.freedBytes,
      failures: jobs.failures + files.failures,
      durationMs: clock.now() - startedAt,
    }
    onSwept(report)
    return report
  }

  async #round(): Promise<void> {
    const { clock, log } = this.#parts
    const orphans = clock.now() >= this.#orphansAt
    if (orphans) this.#orphansAt = clock.now() + ORPHANS_EVERY_MS
    const report = await this.sweep({ orphans })
    if (report.expiredJobs + report.expiredUploads + report.orphans + report.failures > 0)
      log.info(report, 'swept')
  }

  /** What is kept from the sweep comes `first`; without that nothing is removed. */
  async #sweepRoom(room: Room, orphans: boolean, first = () => Promise.resolve()) {
    const sum = { expired: 0, orphans: 0, failures: 0, deletedObjects: 0, abortedUploads: 0, freedBytes: 0 }
    const remove = (id: string, kind: 'expired' | 'orphans', removal: () => Promise<Removed | undefined>) =>
      this.#orCount(sum, { id, kind }, async () => {
        const removed = await removal()
        if (!removed) return
        sum[kind] += 1
        sum.deletedObjects += removed.deletedObjects
        sum.abortedUploads += removed.abortedUploads
        sum.freedBytes += removed.freedBytes
      })
    await this.#orCount(sum, { kind: 'expired' }, async () => {
      await first()
      for (const id of await room.listExpired(MOST_PER_SWEEP))
        if (!this.#loop.isStopping) await remove(id, 'expired', () => room.expire(id))
    })
    if (!orphans) return sum
    await this.#orCount(sum, { kind: 'orphans' }, async () => {
      for await (const id of room.listOrphans()) {
        if (this.#loop.isStopping) return
        await remove(id, 'orphans', () => room.removeOrphan(id))
      }
    })
    return sum
  }

  async #orCount(sum: { failures: number }, fields: object, act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (err) {
      sum.failures += 1
      this.#parts.log.warn({ err, ...fields }, 'not swept')
    }
  }
}
