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
  // Whoever leaves a request for a worker that has not written yet makes a page without these.
  sequence: z.number().default(0),
  jobs: z.record(z.string(), Snapshot).default({}),
  at: z.number().default(0),
})
export type Page = z.infer<typeof Page>

const WISHES = ['cancel', 'revoke'] as const

/**
 * A request that somebody left on a worker's page, about one lease. `cancel`: the job is to end. `revoke`: the lease was
 * given to somebody else, since the worker seemed dead.
 */
export type PageRequest = { wish: (typeof WISHES)[number]; jobId: string; fence: number }

/** Requests are words of a string set, so that leaving one needs no knowledge of the others. */
export const wordOf = ({ wish, jobId, fence }: PageRequest) => `${wish}#${jobId}#${fence}`

/** Reads back what {@link wordOf} wrote. Throws on anything else. */
export function requestOf(word: string): PageRequest {
  const [verb, jobId = '', fence] = word.split('#')
  const wish = WISHES.find((one) => one === verb)
  if (!wish) throw new Error(`There is no request "${verb ?? ''}".`)
  return { wish, jobId, fence: Number(fence) }
}
