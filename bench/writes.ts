import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { createDynamo } from '../src/aws/index.ts'
import { newId } from '../src/kernel/ids.ts'
import { silentLog } from '../src/kernel/log.ts'
import { silentMeter } from '../src/kernel/meter.ts'
import { heartbeatTiming, OwnPage, ProgressRepository, type Snapshot } from '../src/progress/index.ts'
import { makeTables, startStores, type SharedStores } from '../test/support/embedded.ts'
import { write } from './meters.ts'

/** FFmpeg tells of its progress twice a second (`-stats_period`, 0.5 s by default). */
const LINE_EVERY_MS = 500
const RUNS_FOR_MS = 180_000

/** Processes, and jobs that each of them runs at once. */
const FLEETS = [
  { processes: 1, jobs: 1 },
  { processes: 1, jobs: 8 },
  { processes: 50, jobs: 1 },
  { processes: 7, jobs: 7 },
  { processes: 1, jobs: 50 },
]

/**
 * What progress costs to write, in units as DynamoDB told them: the pages of the real OwnPage in 180 s of turned time,
 * against one put for each line of FFmpeg, which is what an item a job costs.
 */
export async function benchWrites(): Promise<void> {
  await using stores = await startStores()
  await makeTables(stores, stores.prefix)
  const aPut = await unitsOfPut(stores)
  const lines = RUNS_FOR_MS / LINE_EVERY_MS
  write(
    `write units of progress for jobs of 180 s, ${lines} lines of FFmpeg each; a put of one line: ${aPut}`,
  )
  for (const { processes, jobs } of FLEETS) {
    let units = 0
    for (let at = 0; at < processes; at++) units += await unitsOfPages(stores, jobs)
    const all = processes * jobs
    const puts = all * lines * aPut
    const name = `${all} jobs, ${jobs} in each of ${processes} processes`.padEnd(38)
    write(
      `  ${name} ${units} units, ${(units / all).toFixed(1)} a job; ` +
        `${((1 - units / puts) * 100).toFixed(1)} % fewer than one put a line (${puts})`,
    )
  }
}

const lineAt = (now: number): Snapshot => ({
  ...{ fence: 1, phase: 'converting' as const, percent: 43.1, speed: 12.3, at: now },
  ...{ etaMs: 123_456, processedMs: now % 10_000_000 },
})

/** Everything a process writes about so many jobs from their start to their end. */
async function unitsOfPages(stores: SharedStores, count: number): Promise<number> {
  let units = 0
  const db = createDynamo(stores.settings, 'background', (use) => (units += use.units))
  const jobs = Array.from({ length: count }, () => newId())
  const startedAt = Date.now()
  let now = startedAt
  const tellAll = () => {
    for (const jobId of jobs) page.report(jobId, lineAt(now))
  }
  const clock = {
    now: () => now,
    sleep: (ms: number) => {
      for (const until = now + ms; now < until; now += LINE_EVERY_MS) tellAll()
      if (now - startedAt >= RUNS_FOR_MS) page.stop()
      return Promise.resolve()
    },
  }
  const repository = new ProgressRepository(db, stores.prefix)
  const timing = heartbeatTiming(30_000)
  const page = new OwnPage({
    repository,
    workerId: newId(),
    clock,
    log: silentLog,
    meter: silentMeter,
    timing,
  })
  await page.run()
  db.destroy()
  return units
}

async function unitsOfPut(stores: SharedStores): Promise<number> {
  let units = 0
  const db = createDynamo(stores.settings, 'background', (use) => (units += use.units))
  const Item = { workerId: newId(), ...lineAt(Date.now()) }
  await db.send(new PutCommand({ TableName: `${stores.prefix}-progress`, Item }))
  db.destroy()
  return units
}
