import { JobRepository } from '../src/conversions/index.ts'
import { startStores } from '../test/support/embedded.ts'
import { startProgram } from '../test/support/program.ts'
import { makeJobs, playWorker } from './crowd.ts'
import { atRate, spread, stream, watch } from './load.ts'
import { dynamoUnits, mib, peakMemoryBytes, sum, write } from './meters.ts'

const JOBS = 50
const CROWD = { watchers: 500, seconds: 20 }
const CACHED = { perSecond: 1000, seconds: 10 }
const UNCACHED = { perSecond: 1000, seconds: 3 }

/**
 * What it costs to be watched: a process that serves the API, and a worker elsewhere (played by this program, with the
 * real repositories) that runs 50 jobs. Latencies are those a client sees, both on the same machine; units are what
 * DynamoDB said. One unit a poll is what it would cost without the cache, at the least; a stream counts as a poll a second.
 */
export async function benchReads(): Promise<void> {
  await using stores = await startStores()
  const env = { ...stores.env, ROLE: 'api', LOG_LEVEL: 'silent' }
  await using program = await startProgram({ dataDir: `${stores.folder}/api`, env })
  const worker = await playWorker(stores, JOBS)
  const idOf = (at: number) => worker.ids[at % JOBS] ?? ''
  const url = (jobId: string) => `${program.url}/api/progress?jobId=${jobId}`
  const report = async (title: string, run: () => Promise<number[]>, pollsOf?: number) => {
    const before = sum(await dynamoUnits(program.url))
    const latencies = await run()
    const units = sum(await dynamoUnits(program.url)) - before
    const share = units / (pollsOf ?? latencies.length)
    write(`${title}\n  ${spread(latencies)}`)
    write(`  ${units} read units, ${share.toFixed(3)} a poll`)
  }
  const { watchers, seconds } = CROWD
  await report(`${watchers} watchers of ${JOBS} jobs, polling, ${seconds} s`, () =>
    watch(CROWD, (at) => url(idOf(at))),
  )
  await report(`${CACHED.perSecond} requests/s for these jobs, ${CACHED.seconds} s`, () =>
    atRate(CACHED, (at) => url(idOf(at))),
  )
  const unseen = await makeJobs(
    new JobRepository(stores.db, stores.prefix),
    UNCACHED.perSecond * UNCACHED.seconds,
  )
  await report(`${UNCACHED.perSecond} requests/s, each for a job never seen, ${UNCACHED.seconds} s`, () =>
    atRate(UNCACHED, (at) => url(unseen[at] ?? '')),
  )
  await report(
    `${watchers} streams of ${JOBS} jobs opened at once, ${seconds} s (times: until the snapshot)`,
    () => stream(CROWD, (at) => `${program.url}/api/progress/stream?jobId=${idOf(at)}`),
    watchers * seconds,
  )
  write(`server memory ${mib(await peakMemoryBytes(program.pid))} at most`)
  await worker.stop()
}
