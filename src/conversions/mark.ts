import { hasEnded, type Job } from './job.ts'
import type { JobStatus } from './job-status.ts'
import { phaseAt } from './phases.ts'

/**
 * How far a job has come, so that what two processes know of it can be put in order: by its fence, then by its state
 * under that fence, then by percent. All three only rise.
 */
export type Mark = { fence: number; stage: number; permille: number }

export const markOf = ({ job, snapshot }: Pick<JobStatus, 'job' | 'snapshot'>): Mark => ({
  fence: job.fence,
  stage: stageOf(job),
  permille: job.state === 'running' ? Math.round((snapshot?.percent ?? 0) * 10) : 0,
})

/** A job waits under the fence of the lease it lost: a queued one is further than a running one of the same fence. */
function stageOf(job: Job): number {
  if (job.state === 'running') return 1
  if (job.state === 'queued') return 2
  if (job.state === 'gone') return 5
  return hasEnded(job) && job.state !== 'deleting' ? 3 : 4
}

export function isBefore(a: Mark, b: Mark): boolean {
  if (a.fence !== b.fence) return a.fence < b.fence
  return a.stage === b.stage ? a.permille < b.permille : a.stage < b.stage
}

/**
 * A job that runs as the client has seen it run already: no less far than `after`, which it got from a process that knew
 * more. A process that has not read the worker's page since the job began knows nothing of it but that it runs.
 */
export function atLeast(status: JobStatus, after: Mark | undefined): JobStatus {
  const mark = markOf(status)
  const sameLease = mark.stage === after?.stage && mark.fence === after.fence
  if (!after || !sameLease || status.job.state !== 'running' || after.permille <= mark.permille) return status
  const percent = after.permille / 10
  const nothing = { speed: null, etaMs: null, processedMs: 0, at: status.job.updatedAt }
  const known = status.snapshot ?? { ...nothing, fence: mark.fence, phase: 'fetching' as const }
  return { ...status, snapshot: { ...known, percent, phase: phaseAt(percent) ?? known.phase } }
}

/** As clients carry it in entity tags and event ids. */
export const textOf = ({ fence, stage, permille }: Mark) => `${fence}.${stage}.${permille}`

/** Reads back what {@link textOf} wrote; undefined for anything else. */
export function parseMark(text: string): Mark | undefined {
  const [, fence, stage, permille] = /^(\d{1,9})\.(\d)\.(\d{1,4})$/.exec(text) ?? []
  if (fence === undefined) return undefined
  return { fence: Number(fence), stage: Number(stage), permille: Number(permille) }
}
