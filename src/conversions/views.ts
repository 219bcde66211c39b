import type { FormatsView, JobView, LimitsView, ProgressView } from '../contract/index.ts'
import { isoTime } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { PRESETS, type Format } from '../ffmpeg/index.ts'
import { mimeTypeOf, type JobStatus } from './conversions.ts'
import { hasEnded, type Job } from './job.ts'

/** How often a client may ask: a fifth of the time that is left, within these bounds. */
const POLL = { shortestMs: SECOND_MS, longestMs: 15 * SECOND_MS }
const POLLS_LEFT = 5

export function jobView(status: JobStatus, now: number): JobView {
  const { job } = status
  const { result } = job
  return {
    id: job.jobId,
    state: publicState(job),
    format: job.format,
    options: job.options,
    name: job.name,
    source: job.source,
    ...(result && {
      result: {
        name: job.name,
        size: result.size,
        mimeType: mimeTypeOf(job),
        durationMs: result.durationMs,
      },
    }),
    ...(job.warnings && { warnings: job.warnings }),
    ...(job.error && { error: job.error }),
    attempt: job.attempt,
    createdAt: isoTime(job.createdAt),
    ...(job.startedAt !== undefined && { startedAt: isoTime(job.startedAt) }),
    ...(job.finishedAt !== undefined && { finishedAt: isoTime(job.finishedAt) }),
    expiresAt: isoTime(job.expiresAt),
    progress: progressView(status, now),
  }
}

export function progressView({ job, snapshot, queuePosition }: JobStatus, now: number): ProgressView {
  const { durationMs } = job.source.media
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
    stale: false,
    asOf: isoTime(now),
    pollAfterMs: pollAfterMs(job, running?.etaMs ?? null),
  }
}

/** 100 exactly when done: whatever a worker said, only the job's own row says so. */
function percentOf(job: Job, running: number | undefined): number {
  if (job.state === 'done') return 100
  return job.state === 'running' ? (running ?? 0) : (job.percent ?? 0)
}

function pollAfterMs(job: Job, etaMs: number | null): number {
  if (hasEnded(job)) return POLL.longestMs
  const wanted = etaMs === null ? POLL.shortestMs : Math.round(etaMs / POLLS_LEFT)
  return Math.min(Math.max(wanted, POLL.shortestMs), POLL.longestMs)
}

function publicState({ state }: Job): JobView['state'] {
  if (state === 'deleting' || state === 'gone') throw new Error('An expired job has no view.')
  return state
}

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
