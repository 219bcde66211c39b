import { jobsTable } from '../../src/conversions/index.ts'
import { progressTable } from '../../src/progress/index.ts'
import { uploadsTable } from '../../src/uploads/index.ts'
import { Judge } from './judge.ts'
import { Network } from './network.ts'
import type { Random } from '../support/random.ts'
import { Scheduler } from './scheduler.ts'
import { SimBucket } from './sim-bucket.ts'
import { SimTable, type Write } from './sim-table.ts'

export const PREFIX = 'sim'
export const BUCKET = 'bucket'
const STARTS_AT = 1_800_000_000_000
const LONGEST_LAG_MS = 8000

/** A store that is broken on purpose, so that the judge has something to find. */
export type Defect = 'ignores conditions' | 'forgets writes'

/** Everything that the processes and people of a story share. */
export class World {
  readonly scheduler = new Scheduler(STARTS_AT)
  readonly random: Random
  readonly network: Network
  readonly judge: Judge
  readonly bucket: SimBucket
  readonly tables: ReadonlyMap<string, SimTable>
  readonly trace: string[] = []
  /** How often each kind of thing happened. */
  readonly tally = new Map<string, number>()

  constructor(random: Random, defect?: Defect) {
    this.random = random
    this.network = new Network(this.scheduler, random.fork())
    this.judge = new Judge(this)
    this.bucket = new SimBucket((change) => this.judge.objectChanged(change))
    const lags = random.fork()
    const table = (definition: ReturnType<typeof jobsTable>, onWrite: (write: Write) => void) =>
      new SimTable({
        ...{ definition, onWrite, ignoresConditions: defect === 'ignores conditions' },
        now: () => this.scheduler.now,
        lag: () => lags.seldomLong(0, LONGEST_LAG_MS),
        forgets: () => defect === 'forgets writes' && lags.chance(1 / 50),
      })
    const [jobs, uploads, progress] = [jobsTable(PREFIX), uploadsTable(PREFIX), progressTable(PREFIX)]
    this.tables = new Map([
      [jobs.name, table(jobs, (write) => this.judge.jobChanged(write))],
      [uploads.name, table(uploads, () => undefined)],
      [progress.name, table(progress, () => undefined)],
    ])
  }

  /** Milliseconds since the story began. */
  get at(): number {
    return this.scheduler.now - this.scheduler.startedAt
  }

  tell(who: string, sentence: string): void {
    this.trace.push(`${(this.at / 1000).toFixed(3).padStart(9)} ${who}: ${sentence}`)
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1)
  }

  rowsOf(table: 'jobs' | 'uploads') {
    return this.tables.get(`${PREFIX}-${table}`)?.rows() ?? []
  }
}
