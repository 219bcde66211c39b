import { StoreUnavailable } from '../aws/index.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { ConversionRefused, DiskFull } from './job-errors.ts'
import type { Settlement } from './job-repository.ts'
import type { LeasedJob } from './job.ts'

/** An error nobody foresaw may be a passing one: this many attempts, then it is final. */
const MOST_ATTEMPTS = 3
const TROUBLE_PAUSE_MS = 10 * SECOND_MS
const RETRY_PAUSE_MS = 2 * SECOND_MS

type Context = { now: number; stopping: boolean; percent: number; retentionMs: number }

/** What becomes of a job that ended without a result. Trouble of the environment never burns an attempt. */
export function settlementFor(job: LeasedJob, error: unknown, context: Context): Settlement {
  const { now, stopping } = context
  if (stopping) return released(job, now, 0)
  if (error instanceof StoreUnavailable || error instanceof DiskFull)
    return released(job, now, TROUBLE_PAUSE_MS)
  if (error instanceof ConversionRefused) return failed(context, error.code, error.message)
  if (job.attempt < MOST_ATTEMPTS)
    return { state: 'queued', readyAt: now + RETRY_PAUSE_MS * job.attempt, updatedAt: now }
  return failed(context, 'internal-error', 'The conversion failed for a reason that lies in the service.')
}

/** The end of a job that somebody asked to cancel. */
export const cancelled = ({ now, percent, retentionMs }: Omit<Context, 'stopping'>): Settlement => ({
  state: 'cancelled',
  percent,
  finishedAt: now,
  updatedAt: now,
  expiresAt: now + retentionMs,
})

const released = (job: LeasedJob, now: number, pauseMs: number): Settlement => ({
  state: 'queued',
  attempt: job.attempt - 1,
  readyAt: now + pauseMs,
  updatedAt: now,
})

/** The end of a job that cannot succeed. */
export const failed = (
  { now, percent, retentionMs }: Omit<Context, 'stopping'>,
  code: ConversionRefused['code'],
  message: string,
): Settlement => ({
  state: 'failed',
  error: { code, message },
  percent,
  finishedAt: now,
  updatedAt: now,
  expiresAt: now + retentionMs,
})
