import type { JobRequest } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { IdempotencyConflict, idForRequest, requestHash, type Requester } from '../kernel/idempotency.ts'
import { isId } from '../kernel/ids.ts'
import type { Log } from '../kernel/log.ts'
import type { Meter } from '../kernel/meter.ts'
import { traceFrom } from '../kernel/work-context.ts'
import { FORMATS, type Format } from '../ffmpeg/index.ts'
import type { PageRequest, ProgressRepository } from '../progress/index.ts'
import type { Sources } from '../uploads/index.ts'
import * as failures from './failures.ts'
import type { JobExpiry } from './job-expiry.ts'
import type { JobReader } from './job-reader.ts'
import type { Seen } from './job-status.ts'
import type { JobRepository } from './job-repository.ts'
import { sourceOf, uploadIdsOf, wishOf, type Claimed } from './job-request.ts'
import { hasEnded, logKey, sourcesOf, type Job } from './job.ts'
import type { QueueLimits } from './queue-limits.ts'
import { markOf, type Mark } from './mark.ts'
import type { StoredBytes, ResultStore, StoredResult } from './result-store.ts'

const NORMAL_PRIORITY = 50
/** Enough for every step a job can take while somebody reads it. */
const MOST_MOVES = 5

export type ConversionsParts = {
  jobs: Pick<JobRepository, 'add' | 'cancelQueued' | 'find' | 'requestCancel' | 'requeue'>
  sources: Pick<Sources, 'claim'>
  results: Pick<ResultStore, 'link' | 'open' | 'readText'>
  /** Formats that the encoders of this machine can make. */
  formats: readonly Format[]
  reader: Pick<JobReader, 'doubt' | 'learn' | 'read'>
  limits: Pick<QueueLimits, 'admit'>
  expiry: Pick<JobExpiry, 'removeNow'>
  pages: Pick<ProgressRepository, 'leave'>
  clock: Clock
  log: Log
  meter: Pick<Meter, 'jobQueued' | 'jobEnded'>
  /** Milliseconds a job and its result are kept after it ended. */
  retentionMs: number
  /** Longest audio, before and after. */
  maxDurationMs: number
  /** Told of every new job, so that a worker here may start it at once. */
  onQueued: (job: Job) => void
  /** Told of every cancelled job, so that a worker here need not wait for its page. */
  onCancel: (request: PageRequest) => void
}

/** Takes jobs in and tells how they stand. */
export class Conversions {
  readonly #parts: ConversionsParts

  constructor(parts: ConversionsParts) {
    this.#parts = parts
  }

  /**
   * Queues the conversion of a finished upload, or of several joined. Throws UnknownFormat, UnknownPreset, OptionRefused,
   * TooLong, QueueFull, IdempotencyConflict, and what claiming an upload throws: UploadNotFound, UploadNotReady, UploadExpired.
   */
  async request(request: JobRequest, requester: Requester = {}): Promise<Seen> {
    const { jobs, formats, reader, clock, log, meter, retentionMs, maxDurationMs, onQueued } = this.#parts
    const wish = wishOf(request, formats)
    const now = clock.now()
    const expiresAt = now + retentionMs
    const claimed = await this.#claim(uploadIdsOf(request), expiresAt)
    const wanted: Job = {
      jobId: idForRequest('job', requester),
      ...{ state: 'queued', fence: 0, attempt: 0, spared: 0, crashes: 0 },
      ...{ readyAt: now, priority: NORMAL_PRIORITY },
      ...sourceOf(claimed, wish, maxDurationMs),
      ...{ format: wish.format.id, options: wish.options },
      requestHash: requestHash(request),
      traceparent: traceFrom(claimed[0]?.session.traceparent),
      ...{ createdAt: now, updatedAt: now, expiresAt },
    }
    await this.#admit(wanted.jobId, requester)
    const job = await jobs.add(wanted)
    if (job.requestHash !== wanted.requestHash) throw new IdempotencyConflict()
    if (job !== wanted) return this.find(job.jobId)
    log.info({ jobId: job.jobId, uploadId: job.source.uploadId, format: job.format }, 'job queued')
    meter.jobQueued()
    reader.learn(job)
    onQueued(job)
    return { status: { job }, stale: false, asOf: now, nextAt: now }
  }

  /** A request that is repeated is no job more, however long the queue is. */
  async #admit(jobId: string, { idempotencyKey, owner }: Requester): Promise<void> {
    const { limits, jobs } = this.#parts
    try {
      await limits.admit(jobId, owner)
    } catch (error) {
      if (idempotencyKey === undefined || !(await jobs.find(jobId))) throw error
    }
  }

  /** All of them are there and will be for long enough, or none of them is converted. */
  async #claim(uploadIds: readonly string[], neededUntil: number): Promise<Claimed[]> {
    const claimed: Claimed[] = []
    for (const uploadId of uploadIds) claimed.push(await this.#parts.sources.claim(uploadId, neededUntil))
    return claimed
  }

  /**
   * How a job stands, as this process knows it; never less far than `after`, which the client has seen already, and with
   * `exactly` nothing older than the question. Throws JobNotFound, JobExpired, StoreUnavailable.
   */
  async find(jobId: string, after?: Mark, options: { exactly?: boolean } = {}): Promise<Seen> {
    const seen = isId(jobId) ? await this.#parts.reader.read(jobId, after, options) : undefined
    if (!seen) throw new failures.JobNotFound(jobId)
    this.#refuseExpired(seen.status.job)
    return seen
  }

  /**
   * Ends a job: at once while it waits; a running one is forbidden every other end and its worker is told. Safe to
   * repeat. Throws JobConflict when it is done or failed, JobNotFound, JobExpired.
   */
  async cancel(jobId: string): Promise<Seen> {
    const { clock } = this.#parts
    return this.#untilMoved(jobId, async (job) => {
      const now = clock.now()
      if (job.state === 'cancelled') return job
      if (job.state === 'queued') return this.#cancelQueued(job, now)
      if (job.state === 'running') return this.#cancelRunning(job, now)
      throw new failures.JobConflict(job.state, 'cancelled')
    })
  }

  async #cancelQueued(job: Job, now: number): Promise<Job | undefined> {
    const { jobs, log, meter, retentionMs } = this.#parts
    const ended = await jobs.cancelQueued(job, now, now + retentionMs)
    if (!ended) return undefined
    log.info({ jobId: job.jobId }, 'job cancelled')
    meter.jobEnded('cancelled')
    return ended
  }

  async #cancelRunning(job: Job, now: number): Promise<Job | undefined> {
    const { jobs, pages, log, onCancel } = this.#parts
    const { jobId, fence, owner } = job
    const asked = await jobs.requestCancel(job, now)
    if (!asked) return undefined
    log.info({ jobId, fence }, 'cancelling of a running job asked for')
    const request = { wish: 'cancel' as const, jobId, fence }
    onCancel(request)
    if (owner !== undefined) await pages.leave(owner, request, now)
    return asked
  }

  /** Queues a failed or cancelled job again. Throws JobConflict when it is done, QueueFull, and what claiming its upload throws. */
  async retry(jobId: string, owner?: string): Promise<Seen> {
    const { limits, clock, retentionMs, onQueued } = this.#parts
    const seen = await this.#untilMoved(jobId, async (job) => {
      if (!hasEnded(job)) return job // somebody was faster
      if (job.state === 'done') throw new failures.JobConflict(job.state, 'tried again')
      await limits.admit(jobId, owner)
      const now = clock.now()
      await this.#claim(sourcesOf(job).map(idOf), now + retentionMs)
      return this.#requeue(job, now)
    })
    if (seen.status.job.state === 'queued') onQueued(seen.status.job)
    return seen
  }

  async #requeue(job: Job, now: number): Promise<Job | undefined> {
    const { jobs, log, meter, retentionMs } = this.#parts
    const queued = await jobs.requeue(job, now, now + retentionMs)
    if (!queued) return undefined
    log.info({ jobId: job.jobId, fence: queued.fence, was: job.state }, 'job queued again')
    meter.jobQueued()
    return queued
  }

  /** Removes an ended job and its result now. Safe to repeat. Throws JobConflict while it waits or runs. */
  async remove(jobId: string): Promise<void> {
    await this.#parts.expiry.removeNow(jobId)
    this.#parts.reader.doubt(jobId)
  }

  /** Reads a job and moves it, anew while others move it at the same time; gives it as it then stands, or further. */
  async #untilMoved(jobId: string, move: (job: Job) => Promise<Job | undefined>): Promise<Seen> {
    for (let tries = 0; tries < MOST_MOVES; tries++) {
      const moved = await move(await this.#find(jobId))
      if (!moved) continue
      this.#parts.reader.learn(moved)
      this.#parts.reader.doubt(jobId)
      return this.find(jobId, markOf({ job: moved }))
    }
    throw new Error('The job moved on each time it was to be changed.')
  }

  /** What a job made. Throws JobNotDone, JobNotFound, JobExpired. */
  async findResult(jobId: string): Promise<StoredResult> {
    const known = (await this.find(jobId)).status.job
    const job = known.state === 'done' ? known : await this.#find(jobId)
    if (job.state !== 'done' || !job.result) throw new failures.JobNotDone(jobId, job.state)
    const { key, size } = job.result
    const finishedAt = job.finishedAt ?? job.updatedAt
    const { name: fileName, expiresAt } = job
    return { jobId, key, size, fileName, mimeType: mimeTypeOf(job), finishedAt, expiresAt }
  }

  /** What several jobs made, in this order. Throws what `findResult` throws, for the first job that has none. */
  async findResults(jobIds: readonly string[]): Promise<StoredResult[]> {
    const outcomes = await Promise.allSettled(jobIds.map((jobId) => this.findResult(jobId)))
    return outcomes.map((one) => {
      if (one.status === 'rejected') throw one.reason as Error
      return one.value
    })
  }

  /** The bytes of a result, or of one range of it. Throws RangeNotSatisfiable, JobExpired. */
  async openResult(result: StoredResult, range: string | undefined): Promise<StoredBytes> {
    const bytes = await this.#parts.results.open(result, range)
    if (bytes) return bytes
    this.#parts.reader.doubt(result.jobId) // deleted by another process while it was remembered here
    throw new failures.JobExpired(result.jobId)
  }

  /** FFmpeg's last lines of the job's last attempt; empty when it had nothing to say. Throws JobNotFound, JobExpired. */
  async readLog(jobId: string): Promise<string> {
    return this.#parts.results.readText(logKey((await this.find(jobId)).status.job))
  }

  /** A link straight to the store, for clients that reach it. */
  linkResult(result: StoredResult, contentDisposition: string): Promise<string> {
    return this.#parts.results.link(result, contentDisposition)
  }

  /** The row itself, for those who are about to change it. */
  async #find(jobId: string): Promise<Job> {
    const job = isId(jobId) ? await this.#parts.jobs.find(jobId) : undefined
    if (!job) throw new failures.JobNotFound(jobId)
    this.#parts.reader.learn(job)
    this.#refuseExpired(job)
    return job
  }

  #refuseExpired(job: Job): void {
    const expired = hasEnded(job) && job.expiresAt <= this.#parts.clock.now()
    if (expired || job.state === 'deleting' || job.state === 'gone') throw new failures.JobExpired(job.jobId)
  }
}

const idOf = ({ uploadId }: { uploadId: string }) => uploadId

export const mimeTypeOf = ({ format }: Job) =>
  FORMATS.find(({ id }) => id === format)?.mimeType ?? 'application/octet-stream'
