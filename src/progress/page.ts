import { z } from 'zod'

/** How far one job is, as its worker last said. Times in milliseconds, `percent` 0-100 over all phases. */
export const Snapshot = z.object({
  /** The lease this belongs to: a snapshot of an older lease says nothing about the job. */
  fence: z.number(),
  phase: z.enum(['fetching', 'analysing', 'converting', 'storing']),
  percent: z.number(),
  speed: z.number().nullable(),
  etaMs: z.number().nullable(),
  processedMs: z.number(),
  at: z.number(),
})
export type Snapshot = z.infer<typeof Snapshot>

/**
 * One row a process: the progress of all its jobs, and with that their heartbeat. A worker whose `sequence` stands
 * still is dead.
 */
export const Page = z.object({
  workerId: z.string(),
  sequence: z.number(),
  jobs: z.record(z.string(), Snapshot),
  at: z.number(),
})
export type Page = z.infer<typeof Page>
