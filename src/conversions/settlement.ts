import { StoreUnavailable } from '../aws/index.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { ConversionRefused, DiskFull } from './job-errors.ts'
import type { Settlement } from './job-repository.ts'
import { spentAttempts, type LeasedJob, type Receipt } from './job.ts'

/** An error nobody foresaw may be a passing one: this many attempts, then it is final. */
const MOST_ATTEMPTS = 3
const TROUBLE_PAUSE_MS = 10 * SECOND_MS
const RETRY_PAUSE_MS = 2 * SECOND_MS

type Context = { now: number; percent: number; retentionMs: number }

/** What becomes of a job that ended without a result. Trouble of the environment never burns an attempt. */
export function settlementFor(job: LeasedJob, error: unknown, context: Context): Settlement {
  const { now } = context
  if (error instanceof StoreUnavailable || error instanceof DiskFull)
    return released(job, now, TROUBLE_PAUSE_MS)
  if (error instanceof ConversionRefused) return failed(context, error.code, error.message)
  const spent = spentAttempts(job)
  if (spent < MOST_ATTEMPTS) return { state: 'queued', readyAt: now + RETRY_PAUSE_MS * spent, updatedAt: now }
  return failed(context, 'internal-error', 'The conversion failed for a reason that lies in the service.')
}

/** The end of a job that somebody asked to cancel. */
export const cancelled = ({ now, percent, retentionMs }: Context): Settlement => ({
  state: 'cancelled',
  percent,
  finishedAt: now,
  updatedAt: now,
  expiresAt: now + retentionMs,
})

/** A job that is given back, to be claimed by anybody after the pause. */
export const released = ({ spared }: LeasedJob, now: number, pauseMs: number): Settlement => ({
  state: 'queued',
  spared: spared + 1,
  readyAt: now + pauseMs,
  updatedAt: now,
})

/** The end of a job whose result lies in the store. */
export const done = ({ result, warnings, changes }: Receipt, { now, retentionMs }: Context): Settlement => ({
  state: 'done',
  result,
  changes,
  ...(warnings.length > 0 && { warnings }),
  finishedAt: now,
  updatedAt: now,
  expiresAt: now + retentionMs,
})

/** The end of a job that cannot succeed. */
export const failed = (
  { now, percent, retentionMs }: Context,
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
