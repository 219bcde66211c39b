import { spentAttempts, Job } from '../../src/conversions/job.ts'
import { workKeys } from '../../src/conversions/work-index.ts'
import { SECOND_MS } from '../../src/kernel/units.ts'
import { bodyOf, kindOf } from './conversion.ts'
import type { Item } from './expressions.ts'
import type { ObjectChange, SimBucket } from './sim-bucket.ts'
import type { Write } from './sim-table.ts'

/** The only ways a job's row goes. */
const MAY_BECOME: Record<string, readonly string[]> = {
  new: ['queued'],
  queued: ['running', 'cancelled'],
  running: ['running', 'done', 'failed', 'cancelled', 'queued'],
  done: ['deleting'],
  failed: ['queued', 'deleting'],
  cancelled: ['queued', 'deleting'],
  deleting: ['deleting', 'gone'],
  gone: [],
}
/** Clocks differ: what is expired for one machine lives for another for so long. */
export const TOLERANCE_MS = 60 * SECOND_MS

/** What the judge needs to see and to say. */
export type Court = {
  bucket: Pick<SimBucket, 'get'>
  /** Milliseconds since the story began. */
  readonly at: number
  rowsOf: (table: 'jobs' | 'uploads') => Item[]
  tell: (who: string, sentence: string) => void
  count: (what: string) => void
}

/** Sees every change of the stores, with eyes that no fault dims, and says what broke a promise. */
export class Judge {
  readonly violations: string[] = []
  readonly #world: Court

  constructor(world: Court) {
    this.#world = world
  }

  accuse(sentence: string): void {
    this.#world.tell('VIOLATION', sentence)
    this.violations.push(`at ${(this.#world.at / 1000).toFixed(3)} s: ${sentence}`)
  }

  jobChanged({ key, before, after, given }: Write): void {
    if (!after) return this.accuse(`row of job ${key} vanished`)
    const from = before && Job.parse(before)
    const to = Job.parse(after)
    this.#world.tell(
      'jobs',
      `${key} ${from?.state ?? 'new'} -> ${to.state} (fence ${to.fence}, owner ${to.owner ?? '-'})`,
    )
    this.#checkStep(from, to)
    // Whoever moves a job that somebody may hold must name the lease that it is about.
    const leased = from && ['queued', 'running'].includes(from.state)
    if (leased && given[':ifFence'] !== from.fence)
      this.accuse(`job ${key} was written under fence ${String(given[':ifFence'])}, not ${from.fence}`)
    this.#checkRow(to, after)
    if (to.state === 'done' && from?.state !== 'done') this.#checkDone(to)
    if (to.state === 'failed') this.#checkFailed(to)
    this.#world.count(`job ${to.state}`)
  }

  #checkStep(from: Job | undefined, to: Job): void {
    const was = from?.state ?? 'new'
    if (!MAY_BECOME[was]?.includes(to.state)) this.accuse(`job ${to.jobId} went from ${was} to ${to.state}`)
    if (!from) return
    const rises =
      to.state === 'running' && was === 'queued' ? 1 : to.state === 'queued' && was !== 'running' ? 1 : 0
    if (to.fence !== from.fence + rises)
      this.accuse(`fence of ${to.jobId} went from ${from.fence} to ${to.fence}`)
    if (to.attempt < from.attempt) this.accuse(`attempts of ${to.jobId} fell`)
    if (
      from.cancelRequestedAt !== undefined &&
      was === 'running' &&
      !['running', 'cancelled'].includes(to.state)
    )
      this.accuse(`job ${to.jobId} was to be cancelled and is ${to.state}`)
  }

  #checkRow(job: Job, row: Item): void {
    const { workQueue, workOrder } = workKeys(job)
    if (row['workQueue'] !== workQueue || row['workOrder'] !== workOrder)
      this.accuse(
        `job ${job.jobId} is ${job.state} and indexed under ${String(row['workQueue'])} ${String(row['workOrder'])}`,
      )
    if (row['ttl'] !== undefined && job.state !== 'gone')
      this.accuse(`job ${job.jobId} is ${job.state} and has a ttl`)
  }

  #checkDone(job: Job): void {
    const { result, jobId, source } = job
    const made = Number(/\/(\d+)\.mp3$/.exec(result?.key ?? '')?.[1])
    if (this.#world.bucket.get(result?.key ?? '')?.body !== bodyOf({ jobId, fence: made }))
      this.accuse(`job ${jobId} is done, and its result ${result?.key ?? ''} is not there`)
    if (['broken', 'poison'].includes(kindOf(source.name)))
      this.accuse(`job ${jobId} of ${source.name} is done`)
  }

  #checkFailed(to: Job): void {
    const { jobId, error, source } = to
    const kind = kindOf(source.name)
    const complain = (why: string) =>
      this.accuse(`job ${jobId} of ${source.name} failed: ${error?.code ?? '?'}, ${why}`)
    switch (error?.code) {
      case 'worker-died':
        if (to.crashes < 3) complain(`its workers died ${to.crashes} times`)
        return
      case 'conversion-failed':
        if (kind !== 'broken') complain('and nothing is wrong with it')
        return
      case 'source-gone':
        complain('which it needed')
        return
      case 'internal-error':
      case undefined:
        if (kind !== 'unlucky' || spentAttempts(to) < 3) complain(`after ${spentAttempts(to)} attempts`)
    }
  }

  /** Nothing is written twice with other bytes, and nothing is taken from who needs it. */
  objectChanged({ key, before, after }: ObjectChange): void {
    const [room = '', id = ''] = key.split('/')
    if (after !== undefined && before !== undefined && before !== after) this.accuse(`${key} was overwritten`)
    if (after !== undefined || before === undefined) return
    const rows = this.#world.rowsOf(room === 'uploads' ? 'uploads' : 'jobs')
    const row = rows.find((one) => one['uploadId'] === id || one['jobId'] === id)
    if (row && row['state'] !== 'deleting' && row['state'] !== 'gone')
      this.accuse(`${key} was deleted while its record is ${String(row['state'])}`)
  }
}
