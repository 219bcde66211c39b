import type { FormatsView, JobView, LimitsView, ProgressView } from '../contract/index.ts'
import { isoTime } from '../kernel/clock.ts'
import { etagOf } from '../kernel/etag.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { expectedDuration, PRESETS, type Format } from '../ffmpeg/index.ts'
import { mimeTypeOf } from './conversions.ts'
import type { Seen } from './job-status.ts'
import { hasEnded, type Job } from './job.ts'
import { markOf, textOf } from './mark.ts'
import { paceOf } from './pace.ts'

/** Ended jobs, and those of a store that is away, are not worth more. */
const SELDOM_MS = { ended: 15 * SECOND_MS, stale: 5 * SECOND_MS }

export function jobView(seen: Seen): JobView {
  const { job } = seen.status
  const { result } = job
  return {
    id: job.jobId,
    state: publicState(job),
    format: job.format,
    options: job.options,
    name: job.name,
    source: job.source,
    ...(job.joined && { joined: job.joined }),
    changes: job.changes,
    ...(result && { result: resultView(job, result) }),
    ...(job.warnings && { warnings: job.warnings }),
    ...(job.error && { error: job.error }),
    attempt: job.attempt,
    createdAt: isoTime(job.createdAt),
    ...(job.startedAt !== undefined && { startedAt: isoTime(job.startedAt) }),
    ...(job.finishedAt !== undefined && { finishedAt: isoTime(job.finishedAt) }),
    expiresAt: isoTime(job.expiresAt),
    progress: progressView(seen),
  }
}

function resultView(job: Job, { size, durationMs, copied, loudness }: NonNullable<Job['result']>) {
  return {
    ...{ name: job.name, size, mimeType: mimeTypeOf(job), durationMs },
    ...(copied && { copied }),
    ...(loudness && { loudness }),
  } satisfies JobView['result']
}

export function progressView({ status, stale, asOf }: Seen): ProgressView {
  const { job, snapshot, queuePosition } = status
  const durationMs = expectedDuration(job.options, job.source.media.durationMs)
  const running = job.state === 'running' ? snapshot : undefined
  return {
    jobId: job.jobId,
    state: publicState(job),
    phase: job.state === 'running' ? (running?.phase ?? 'fetching') : null,
    progress: percentOf(job, running?.percent),
    speed: running?.speed ?? null,
    etaMs: job.state === 'done' ? 0 : (running?.etaMs ?? null),
    processedMs: job.result?.durationMs ?? running?.processedMs ?? 0,
    durationMs,
    ...(queuePosition !== undefined && { queuePosition }),
    ...(job.error && { error: job.error }),
    updatedAt: isoTime(Math.max(job.updatedAt, running?.at ?? 0)),
    attempt: job.attempt,
    stale,
    asOf: isoTime(asOf),
    pollAfterMs: stale ? SELDOM_MS.stale : hasEnded(job) ? SELDOM_MS.ended : paceOf(status),
  }
}

/** 100 exactly when done: whatever a worker said, only the job's own row says so. */
function percentOf(job: Job, running: number | undefined): number {
  if (job.state === 'done') return 100
  return job.state === 'running' ? (running ?? 0) : (job.percent ?? 0)
}

function publicState({ state }: Job): JobView['state'] {
  if (state === 'deleting' || state === 'gone') throw new Error('An expired job has no view.')
  return state
}

/**
 * The entity tag of what is told of a job. It carries the mark, so that a process that knows less than the client does
 * can notice it.
 */
export const etagFor = (seen: Seen, view: object): string =>
  `"${textOf(markOf(seen.status))}-${etagOf(view).slice(1)}`

/** What this service makes, from the one description of formats that also validates and encodes. */
export const formatsView = (formats: readonly Format[], limits: LimitsView): FormatsView => ({
  formats: formats.map(({ id, label, extension, mimeType, lossless, codec, options }) => ({
    id,
    label,
    extension,
    mimeType,
    lossless,
    codec,
    options,
  })),
  presets: PRESETS.filter(({ format }) => formats.some(({ id }) => id === format)),
  limits,
})
