import { LRUCache } from 'lru-cache'
import { StoreUnavailable } from '../aws/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Meter } from '../kernel/meter.ts'
import { MINUTE_MS, SECOND_MS } from '../kernel/units.ts'
import type { OwnPage } from '../progress/index.ts'
import type { JobRepository } from './job-repository.ts'
import { hasEnded, type Job } from './job.ts'
import type { JobStatus, Seen } from './job-status.ts'
import { atLeast, isBefore, markOf, type Mark } from './mark.ts'
import { paceOf } from './pace.ts'
import type { PageView } from './page-view.ts'
import type { QueueView } from './queue-view.ts'
import type { Worker } from './worker.ts'

/** Jobs remembered; a job is about two kilobytes. */
const MOST_JOBS = 10_000
/** A done job changes no more, but may be deleted; a failed or cancelled one may be tried again. */
const FRESH_MS = { done: MINUTE_MS, ended: 5 * SECOND_MS, absent: SECOND_MS }
/** After a read that failed, the store is left alone for so long. */
const LEFT_ALONE_MS = 2 * SECOND_MS
/** What becomes old does so on common strokes of the clock, so that it is read together. */
const STROKE_MS = SECOND_MS / 4

/**
 * `status` is undefined where there is no such job: absence is known, too, for a moment. After `doubted` only the job's
 * row counts, since a page may still tell of a lease that has ended.
 */
type Known = {
  status: JobStatus | undefined
  stale: boolean
  asOf: number
  freshUntil: number
  doubted?: boolean
}

export type JobReaderParts = {
  jobs: Pick<JobRepository, 'find'>
  page: Pick<OwnPage, 'snapshotOf' | 'isConfirmed'>
  pages: PageView
  queue: QueueView
  /** The lease of a job that runs in this process. */
  leaseOf: Worker['leaseOf']
  clock: Clock
  meter: Pick<Meter, 'recordRead'>
}

/**
 * How jobs stand, for any number of people who ask: each job is read once per interval, however many they are. Jobs of
 * this process are answered from its memory. While the store is away, what was last known is told as stale.
 */
export class JobReader {
  readonly #parts: JobReaderParts
  readonly #known = new LRUCache<string, Known>({ max: MOST_JOBS })
  readonly #reading = new Map<string, Promise<Known>>()

  constructor(parts: JobReaderParts) {
    this.#parts = parts
  }

  /**
   * How a job stands; undefined when there is none. Never less far than `after`, which the client has seen already, and
   * with `exactly` nothing older than the question. Throws StoreUnavailable when the store is away and this process knows
   * less than that.
   */
  async read(jobId: string, after?: Mark, { exactly = false } = {}): Promise<Seen | undefined> {
    const known = await this.#read(jobId, after, exactly)
    return known.status && { ...known, status: atLeast(known.status, after), nextAt: known.freshUntil }
  }

  /** Takes over what this process has just read or written itself. */
  learn(job: Job): void {
    const known = this.#known.get(job.jobId)?.status
    if (known && isBefore(markOf({ job }), markOf({ job: known.job }))) return
    const asOf = this.#parts.clock.now()
    const freshUntil = hasEnded(job) ? asOf + FRESH_MS.ended : 0
    this.#keep(job.jobId, { status: further(known, { job }), stale: false, asOf, freshUntil })
  }

  /** The job has moved on: the next one who asks has it read anew, and a read under way is made again. */
  doubt(jobId: string): void {
    const nothing = { status: undefined, stale: false, asOf: this.#parts.clock.now() }
    this.#keep(jobId, { ...nothing, ...this.#known.get(jobId), freshUntil: 0, doubted: true })
  }

  async #read(jobId: string, after: Mark | undefined, exactly: boolean): Promise<Known> {
    const { page, clock } = this.#parts
    const now = clock.now()
    const own = this.#own(jobId, now)
    const ownDoes = own && page.isConfirmed(jobId) && reaches(own, after)
    if (ownDoes) return this.#hit(this.#keep(jobId, own))
    const known = this.#known.get(jobId)
    const mayDiffer = !isDone(known) && (exactly || (!after && isEnded(known)))
    if (known && now < known.freshUntil && reaches(known, after) && !mayDiffer) return this.#hit(known)
    try {
      return await (mayDiffer ? this.#readExactly(jobId) : this.#refresh(jobId, after))
    } catch (error) {
      const last = own ?? known
      if (!(error instanceof StoreUnavailable) || !last?.status || !reaches(last, after)) throw error
      if (own) return { ...own, stale: exactly } // it runs here, but whether somebody took it over is not known
      return this.#keep(jobId, { ...last, stale: true, freshUntil: clock.now() + LEFT_ALONE_MS })
    }
  }

  #hit(known: Known): Known {
    this.#parts.meter.recordRead('job', true)
    return known
  }

  /** What runs here; but a lease of which less is known than of the job was lost, as after a long sleep. */
  #own(jobId: string, now: number): Known | undefined {
    const job = this.#parts.leaseOf(jobId)
    if (!job) return undefined
    const status = { job, snapshot: this.#parts.page.snapshotOf(jobId) }
    const known = this.#known.get(jobId)?.status
    if (known && isBefore(markOf(status), markOf(known))) return undefined
    return { status, stale: false, asOf: now, freshUntil: onStroke(now + SECOND_MS), doubted: true }
  }

  /** Whoever must not be told of the past cannot share a read that began before they asked, but the next one. */
  async #readExactly(jobId: string): Promise<Known> {
    await this.#reading.get(rowOf(jobId))?.catch(() => undefined)
    return this.#readOnce(jobId, true)
  }

  /** One read for all who ask at the same time; who has seen more than it brought has the row itself read. */
  async #refresh(jobId: string, after: Mark | undefined): Promise<Known> {
    const known = await this.#readOnce(jobId, false)
    return reaches(known, after) ? known : this.#readOnce(jobId, true)
  }

  #readOnce(jobId: string, theRow: boolean): Promise<Known> {
    const key = theRow ? rowOf(jobId) : jobId
    const underWay = this.#reading.get(key)
    this.#parts.meter.recordRead('job', underWay !== undefined) // whoever shares a read costs nothing
    const reading = underWay ?? this.#load(jobId, theRow).finally(() => this.#reading.delete(key))
    this.#reading.set(key, reading)
    return reading
  }

  async #load(jobId: string, theRow: boolean): Promise<Known> {
    const { clock } = this.#parts
    const known = this.#known.get(jobId)
    const before = known?.status
    const now = clock.now()
    const line = theRow || known?.doubted ? undefined : await this.#lineOf(before)
    const { status, asOf } = line ?? { status: await this.#status(jobId, before), asOf: now }
    const learnt = this.#known.get(jobId)
    // What was learnt meanwhile may be newer than what was read; what came into doubt meanwhile must be read again.
    if (learnt && learnt !== known) {
      if (learnt.doubted) return this.#load(jobId, true)
      if (!isBehind(learnt, status)) return learnt
    }
    return this.#keep(jobId, { status, stale: false, asOf, freshUntil: onStroke(asOf + freshForMs(status)) })
  }

  /** While a living worker's page tells of this very lease, the job's row has nothing to add. */
  async #lineOf(before: JobStatus | undefined): Promise<{ status: JobStatus; asOf: number } | undefined> {
    if (before?.job.state !== 'running') return undefined
    const line = await this.#parts.pages.lineOf(before.job)
    if (!line?.alive) return undefined
    return { status: further(before, { job: before.job, snapshot: line.snapshot }), asOf: line.asOf }
  }

  async #status(jobId: string, before: JobStatus | undefined): Promise<JobStatus | undefined> {
    const { jobs, pages, queue } = this.#parts
    const job = await jobs.find(jobId)
    if (!job) return undefined
    if (job.state === 'queued') return { job, queuePosition: await queue.positionOf(job) }
    if (job.state !== 'running') return { job }
    return further(before, { job, snapshot: (await pages.lineOf(job))?.snapshot })
  }

  #keep(jobId: string, known: Known): Known {
    this.#known.set(jobId, known)
    return known
  }
}

/** A page that is gone, or was read a moment earlier, must not take a running job back. */
function further(before: JobStatus | undefined, status: JobStatus): JobStatus {
  const same = before?.job.state === 'running' && before.job.fence === status.job.fence
  return same && isBefore(markOf(status), markOf(before)) ? { ...status, snapshot: before.snapshot } : status
}

/** Whether it is no earlier state than `after`. Percent is left out: a page is read up to a second late. */
const reaches = ({ status }: Known, after: Mark | undefined) =>
  !after || (status !== undefined && !isBefore({ ...markOf(status), permille: 0 }, { ...after, permille: 0 }))

function freshForMs(status: JobStatus | undefined): number {
  if (!status) return FRESH_MS.absent
  if (!hasEnded(status.job)) return paceOf(status)
  return status.job.state === 'done' ? FRESH_MS.done : FRESH_MS.ended
}

const isBehind = ({ status: known }: Known, read: JobStatus | undefined) =>
  read !== undefined && (known === undefined || isBefore(markOf(known), markOf(read)))

/** Nothing of a done job changes but that it is deleted. */
const isDone = (known: Known | undefined) => known?.status?.job.state === 'done'
/** A failed or cancelled one may have been tried again, elsewhere. */
const isEnded = (known: Known | undefined) => known?.status !== undefined && hasEnded(known.status.job)

/** What a read of the row alone goes by. */
const rowOf = (jobId: string) => `${jobId} row`

const onStroke = (ms: number) => Math.ceil(ms / STROKE_MS) * STROKE_MS
