import { z } from 'zod'
import { Change, JobError, JobOptions, JoinedSource, LoudnessChange, Media } from '../contract/index.ts'
import { Cover } from '../uploads/index.ts'

/** Where a job is in its life; `deleting` and `gone` belong to cleanup. */
const STORED_STATES = ['queued', 'running', 'done', 'failed', 'cancelled', 'deleting', 'gone'] as const

/** A result in the store. `size` in bytes. */
const StoredFile = z.object({
  key: z.string(),
  size: z.number(),
  durationMs: z.number(),
  copied: z.boolean().optional(),
  loudness: LoudnessChange.optional(),
})

/** What is committed of a conversion that went well. */
export const Receipt = z.object({
  result: StoredFile,
  warnings: z.array(z.string()),
  changes: z.array(Change).default([]),
})
export type Receipt = z.infer<typeof Receipt>

/**
 * A job as it lies in the table: one conversion of one upload. Times in epoch milliseconds, sizes in bytes.
 * `fence` counts leases: every write of a worker names the one it holds, and so does the key of its result.
 */
export const Job = z.object({
  jobId: z.string(),
  state: z.enum(STORED_STATES),
  fence: z.number(),
  /** How often work on it began; only ever grows, so that progress can be told apart by it. */
  attempt: z.number(),
  /** Attempts that do not count against it: given back by their worker, or made before somebody tried it again. */
  spared: z.number().default(0),
  /** How often a worker died over it. */
  crashes: z.number(),
  /** Not before this time is it claimed. */
  readyAt: z.number(),
  priority: z.number(),
  owner: z.string().optional(),
  claimNonce: z.string().optional(),
  cancelRequestedAt: z.number().optional(),
  /** Of a joined job the first one, with the size and length of all. */
  source: z.object({ uploadId: z.string(), name: z.string(), size: z.number(), media: Media }),
  /** All sources in order, where there are several. */
  joined: z.array(JoinedSource).optional(),
  /** With the option `artwork: uploaded`: the cover that was sent for the source, as it was when the job was asked for. */
  cover: Cover.optional(),
  format: z.string(),
  options: JobOptions,
  /** File name of the result. */
  name: z.string(),
  result: StoredFile.optional(),
  warnings: z.array(z.string()).optional(),
  /** Foretold until it is done, then as found. */
  changes: z.array(Change).default([]),
  error: JobError.optional(),
  /** Where progress stood when the job failed. */
  percent: z.number().optional(),
  requestHash: z.string(),
  /** Its place in the trace of what asked for it (W3C Trace Context). */
  traceparent: z.string().optional(),
  createdAt: z.number(),
  updatedAt: z.number(),
  startedAt: z.number().optional(),
  finishedAt: z.number().optional(),
  expiresAt: z.number(),
})
export type Job = z.infer<typeof Job>

/** Attempts that count against a job. */
export const spentAttempts = ({ attempt, spared }: Job) => attempt - spared

/** What a job is made of, in order. Size in bytes. */
export const sourcesOf = ({ source, joined }: Pick<Job, 'source' | 'joined'>) =>
  joined ?? [{ uploadId: source.uploadId, size: source.size }]

/** A job that a worker holds: only with its fence may the worker write. */
export type LeasedJob = Job & { owner: string }

/** A result's key names the lease it was made under, so that a worker that lost it cannot overwrite a newer one. */
export const resultKey = ({ jobId, fence }: Job, extension: string) =>
  `${resultPrefix(jobId)}${fence}.${extension}`

/** FFmpeg's last lines of a lease lie beside its result, so that the row stays small. */
export const logKey = ({ jobId, fence }: Job) => `${resultPrefix(jobId)}${fence}.log`

/** Beside a result that could not be committed: what whoever claims the job next needs to commit it. */
export const receiptKey = ({ jobId, fence }: Job) => `${resultPrefix(jobId)}${fence}.receipt.json`

/** Where the results of all jobs lie, below the bucket. */
export const RESULTS = 'results/'
/** Where those of one lie. Cleanup deletes by this prefix. */
export const resultPrefix = (jobId: string) => `${RESULTS}${jobId}/`

export const hasEnded = ({ state }: Job) => state !== 'queued' && state !== 'running'
