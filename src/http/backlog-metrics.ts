import type { Clock } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { Instruments } from './instruments.ts'
import { remembered } from './remembered.ts'

/** What waits: jobs in the queue, and records whose time is over. */
export type Backlog = {
  queuedJobs: number
  /** Since the job that has waited longest might have been begun. */
  longestWaitMs: number
  expiredJobs: number
  expiredUploads: number
}

/** Scrapes come from every side, and none of them may cost a read each time. */
const REMEMBERED_MS = 10 * SECOND_MS

/** Gauges of what waits in the store, read when somebody scrapes; `NaN` while the store is away. */
export function backlogMetrics({ gauge }: Instruments) {
  let look = (): Promise<Backlog> => Promise.resolve(UNKNOWN)
  const found = () => look().catch(() => UNKNOWN)
  gauge({ name: 'tapedeck_queue_jobs', help: 'Jobs that wait in the queue' }, async (depth) => {
    depth.set((await found()).queuedJobs)
  })
  gauge(
    { name: 'tapedeck_queue_oldest_seconds', help: 'How long the job that has waited longest waits' },
    async (age) => age.set((await found()).longestWaitMs / SECOND_MS),
  )
  gauge(
    {
      ...{ name: 'tapedeck_expired_records', help: 'Records whose time is over and that are not swept yet' },
      labels: ['record'],
    },
    async (expired) => {
      const { expiredJobs, expiredUploads } = await found()
      expired.set({ record: 'job' }, expiredJobs)
      expired.set({ record: 'upload' }, expiredUploads)
    },
  )
  return {
    /** Says how the backlog is found. */
    observeBacklog: (clock: Pick<Clock, 'now'>, ask: () => Promise<Backlog>): void => {
      look = remembered(clock, REMEMBERED_MS, ask)
    },
  }
}

const UNKNOWN: Backlog = { queuedJobs: NaN, longestWaitMs: NaN, expiredJobs: NaN, expiredUploads: NaN }
