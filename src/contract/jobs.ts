import { z } from 'zod'
import { JobOptions } from './formats.ts'
import { Media } from './media.ts'

const JOB_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const
export type JobState = (typeof JOB_STATES)[number]

const JOB_PHASES = ['fetching', 'analysing', 'converting', 'storing'] as const

/** Why a job failed. `worker-died`: the process that ran it died, time and again. */
export const JOB_ERROR_CODES = ['conversion-failed', 'source-gone', 'worker-died', 'internal-error'] as const
export type JobErrorCode = (typeof JOB_ERROR_CODES)[number]

const Time = z.iso.datetime()
export const JobError = z.object({ code: z.enum(JOB_ERROR_CODES), message: z.string() })

export const JobRequest = z
  .object({
    uploadId: z.string(),
    format: z.string().optional().describe('An id of `GET /api/formats`'),
    preset: z.string().optional().describe('A preset of `GET /api/formats`, instead of format and options'),
    options: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ format, preset }) => (format === undefined) !== (preset === undefined), {
    path: ['format'],
    message: 'Give either a format or a preset.',
  })
  .refine(({ preset, options }) => preset === undefined || options === undefined, {
    path: ['options'],
    message: 'A preset has its options already.',
  })
  .meta({ id: 'JobRequest' })
export type JobRequest = z.infer<typeof JobRequest>

export const ProgressView = z
  .object({
    jobId: z.string(),
    state: z.enum(JOB_STATES),
    phase: z.enum(JOB_PHASES).nullable(),
    progress: z.number().min(0).max(100).describe('Never falls within an attempt; 100 exactly when done'),
    speed: z.number().nullable().describe('Times real time'),
    etaMs: z.number().int().nullable(),
    processedMs: z.number().int().describe('Audio converted so far'),
    durationMs: z.number().int().nullable().describe('Audio to convert in all; null where unknown'),
    queuePosition: z.number().int().optional().describe('1 is next; absent unless queued'),
    error: JobError.optional(),
    attempt: z.number().int().describe('How often work on the job began; progress starts anew with each'),
    updatedAt: Time,
    stale: z.boolean().describe('The store is away: this is what was last known'),
    asOf: Time.describe('When this was true'),
    pollAfterMs: z.number().int().describe('When asking again is worth it'),
  })
  .meta({ id: 'Progress' })
export type ProgressView = z.infer<typeof ProgressView>

export const JobView = z
  .object({
    id: z.string(),
    state: z.enum(JOB_STATES),
    format: z.string(),
    options: JobOptions,
    name: z.string().describe('File name of the result'),
    source: z.object({ uploadId: z.string(), name: z.string(), size: z.number().int(), media: Media }),
    result: z
      .object({
        name: z.string(),
        size: z.number().int(),
        mimeType: z.string(),
        durationMs: z.number().int(),
      })
      .optional(),
    warnings: z.array(z.string()).optional(),
    error: JobError.optional(),
    attempt: z.number().int(),
    createdAt: Time,
    startedAt: Time.optional(),
    finishedAt: Time.optional(),
    expiresAt: Time,
    progress: ProgressView,
  })
  .meta({ id: 'Job' })
export type JobView = z.infer<typeof JobView>
