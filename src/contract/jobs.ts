import { z } from 'zod'
import { Media } from './media.ts'
import { JobOptions } from './options.ts'
import { Id, Keyword } from './texts.ts'

const JOB_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const
export type JobState = (typeof JOB_STATES)[number]

const JOB_PHASES = ['fetching', 'analysing', 'converting', 'storing'] as const

/** Why a job failed. `worker-died`: the process that ran it died, time and again. */
export const JOB_ERROR_CODES = ['conversion-failed', 'source-gone', 'worker-died', 'internal-error'] as const
export type JobErrorCode = (typeof JOB_ERROR_CODES)[number]

const Time = z.iso.datetime()
export const JobError = z.object({ code: z.enum(JOB_ERROR_CODES), message: z.string() })

/** Most uploads that one job joins. */
export const MOST_JOINED = 100

export const JobRequest = z
  .object({
    uploadId: Id.optional(),
    uploadIds: z
      .array(Id)
      .min(2)
      .max(MOST_JOINED)
      .optional()
      .describe('Instead of `uploadId`: joined in this order into one result'),
    format: Keyword.optional().describe('An id of `GET /api/formats`'),
    preset: Keyword.optional().describe('A preset of `GET /api/formats`, instead of format and options'),
    options: z
      .record(Keyword, z.unknown())
      .optional()
      .meta({ allOf: [{ $ref: '#/components/schemas/JobOptions' }] }),
  })
  .refine(({ uploadId, uploadIds }) => (uploadId === undefined) !== (uploadIds === undefined), {
    path: ['uploadId'],
    message: 'Give either one upload or several to join.',
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

const Fact = z.union([z.string(), z.number()]).nullable()

/** One thing in which the result is not as the source. */
export const Change = z
  .object({
    what: z.enum([
      'codec',
      'sampleRateHz',
      'channels',
      'layout',
      'bitDepth',
      'durationMs',
      'tags',
      'artwork',
      'chapters',
    ]),
    from: Fact,
    to: Fact.describe('null: dropped'),
  })
  .meta({ id: 'Change' })
export type Change = z.infer<typeof Change>

export const Measured = z.object({
  integratedLufs: z.number().nullable().describe('null: nothing but silence'),
  rangeLu: z.number().describe('Loudness range (EBU Tech 3342)'),
  truePeakDb: z.number().nullable().describe('dBTP; null: digital silence'),
})
export type Measured = z.infer<typeof Measured>

/** Loudness as measured (ITU-R BS.1770, EBU R 128) before and after a gain, which changes nothing else. */
export const LoudnessChange = z.object({ before: Measured, after: Measured, gainDb: z.number() })
export type LoudnessChange = z.infer<typeof LoudnessChange>

/** One of the files a job joins. */
export const JoinedSource = z.object({
  uploadId: z.string(),
  name: z.string(),
  size: z.number().int(),
  durationMs: z.number().int().nullable(),
})
export type JoinedSource = z.infer<typeof JoinedSource>

export const JobView = z
  .object({
    id: z.string(),
    state: z.enum(JOB_STATES),
    format: z.string(),
    options: JobOptions,
    name: z.string().describe('File name of the result'),
    source: z
      .object({ uploadId: z.string(), name: z.string(), size: z.number().int(), media: Media })
      .describe('Of a joined job the first file, with the size and length of all'),
    joined: z.array(JoinedSource).optional().describe('The files of a joined job, in order'),
    changes: z
      .array(Change)
      .describe(
        'In what the result is not as the source: what will be until the job is done, then what was found',
      ),
    result: z
      .object({
        name: z.string(),
        size: z.number().int(),
        mimeType: z.string(),
        durationMs: z.number().int(),
        copied: z.boolean().optional().describe('Only the container is new: the audio was not encoded again'),
        loudness: LoudnessChange.optional(),
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
