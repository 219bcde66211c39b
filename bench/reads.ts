import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { JobRepository } from '../src/conversions/index.ts'
import { newId } from '../src/kernel/ids.ts'
import { ProgressRepository } from '../src/progress/index.ts'
import { startStores } from '../test/support/embedded.ts'
import { newJob } from '../test/support/jobs.ts'
import { startProgram } from '../test/support/program.ts'
import { dynamoUnits, peakMemoryBytes } from './meters.ts'

const JOBS = 50
const WATCHERS = 500
const WATCH_SECONDS = 20
const RATE = 1000
const RATE_SECONDS = 10

/**
 * What it costs to be watched: a process that serves the API, and a worker elsewhere (played by this program, with the
 * real repositories) that runs 50 jobs. Latencies are those a client sees, both on the same machine; units are what
 * DynamoDB said. One unit a poll is what it would cost without the cache, at the least; a stream counts as a poll a second.
 */
async function main(): Promise<void> {
  await using stores = await startStores()
  const env = { ...stores.env, ROLE: 'api', LOG_LEVEL: 'silent' }
  await using program = await startProgram({ dataDir: `${stores.folder}/api`, env })
  const jobs = new JobRepository(stores.db, stores.prefix)
  const worker = await playWorker(jobs, new ProgressRepository(stores.db, stores.prefix))
  const url = (jobId: string) => `${program.url}/api/progress?jobId=${jobId}`
  const report = async (title: string, run: () => Promise<number[]>, pollsOf?: number) => {
    const before = sum(await dynamoUnits(program.url))
    const latencies = await run()
    const units = sum(await dynamoUnits(program.url)) - before
    print(title, latencies, { units, polls: pollsOf ?? latencies.length })
  }
  await report(`${WATCHERS} watchers of ${JOBS} jobs, polling, ${WATCH_SECONDS} s`, () =>
    watch((at) => url(worker.ids[at % JOBS] ?? '')),
  )
  await report(`${RATE} requests/s for these jobs, ${RATE_SECONDS} s`, () =>
    atRate(RATE_SECONDS, (at) => url(worker.ids[at % JOBS] ?? '')),
  )
  const unseen = await makeJobs(jobs, 3 * RATE)
  await report(`${RATE} requests/s, each for a job never seen before, 3 s`, () =>
    atRate(3, (at) => url(unseen[at] ?? '')),
  )
  await report(
    `${WATCHERS} streams of ${JOBS} jobs opened at once, ${WATCH_SECONDS} s (times: until the snapshot)`,
    () => stream((at) => `${program.url}/api/progress/stream?jobId=${worker.ids[at % JOBS] ?? ''}`),
    WATCHERS * WATCH_SECONDS,
  )
  process.stdout.write(
    `server memory ${Math.round((await peakMemoryBytes(program.pid)) / 2 ** 20)} MiB peak\n`,
  )
  await worker.stop()
}

async function makeJobs(jobs: JobRepository, count: number): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < count) {
    const some = Array.from({ length: 50 }, () => jobs.add({ ...newJob(Date.now()), expiresAt: 1e15 }))
    ids.push(...(await Promise.all(some)).map(({ jobId }) => jobId))
  }
  return ids
}

/** Fifty running jobs whose page moves every second. */
async function playWorker(jobs: JobRepository, pages: ProgressRepository) {
  const ids = await makeJobs(jobs, JOBS)
  for (const jobId of ids) {
    const job = await jobs.find(jobId)
    if (job) await jobs.claim(job, { owner: 'bench', nonce: newId(), now: Date.now() })
  }
  const stopping = new AbortController()
  const write = async () => {
    for (let sequence = 1; !stopping.signal.aborted; sequence++) {
      const line = { fence: 1, phase: 'converting' as const, percent: Math.min(sequence, 99), speed: 1 }
      const lines = ids.map((id) => [id, { ...line, etaMs: 4000, processedMs: sequence, at: Date.now() }])
      const page = { workerId: 'bench', sequence, jobs: Object.fromEntries(lines) as never, at: Date.now() }
      await pages.write(page)
      await delay(1000, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const writing = write()
  return {
    ids,
    stop: () => {
      stopping.abort()
      return writing
    },
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 1000 })

/** Milliseconds until the whole answer is there. */
function timed(url: string): Promise<number> {
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url}: ${answer.statusCode ?? 0}`))
      answer.resume().once('end', () => resolve(performance.now() - startedAt))
    }).once('error', reject)
  })
}

async function watch(urlOf: (watcher: number) => string): Promise<number[]> {
  const endsAt = performance.now() + WATCH_SECONDS * 1000
  const watcher = async (at: number) => {
    const latencies: number[] = []
    await delay(Math.random() * 1000)
    while (performance.now() < endsAt) {
      latencies.push(await timed(urlOf(at)))
      await delay(1000)
    }
    return latencies
  }
  return (await Promise.all(Array.from({ length: WATCHERS }, (_, at) => watcher(at)))).flat()
}

/** Requests leave at their time whether earlier ones are answered or not, so that a slow answer hides nothing. */
async function atRate(seconds: number, urlOf: (at: number) => string): Promise<number[]> {
  const startedAt = performance.now()
  const all: Promise<number>[] = []
  for (let at = 0; at < seconds * RATE;) {
    const due = Math.min(((performance.now() - startedAt) * RATE) / 1000, seconds * RATE)
    for (; at < due; at++) all.push(timed(urlOf(at)))
    await delay(2)
  }
  return Promise.all(all)
}

async function stream(urlOf: (watcher: number) => string): Promise<number[]> {
  const first = (url: string) => {
    const startedAt = performance.now()
    return new Promise<number>((resolve, reject) => {
      const request = get(url, { agent }, (answer) => {
        const hear = (chunk: Buffer) => {
          if (chunk.includes('event: progress')) resolve(performance.now() - startedAt)
        }
        answer.on('data', hear).once('error', () => undefined)
        setTimeout(() => request.destroy(), WATCH_SECONDS * 1000)
      }).once('error', reject)
    })
  }
  const latencies = await Promise.all(Array.from({ length: WATCHERS }, (_, at) => first(urlOf(at))))
  await delay(WATCH_SECONDS * 1000)
  return latencies
}

const sum = (units: Record<string, number>) => Object.values(units).reduce((total, one) => total + one, 0)

function print(title: string, latencies: number[], { units, polls }: { units: number; polls: number }): void {
  const sorted = [...latencies].sort((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1).padStart(7)
  const saved = (1 - units / polls) * 100
  process.stdout.write(
    `${title}\n` +
      `  ${latencies.length} answers: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(0.9999)} ms\n` +
      `  ${units} read units, ${saved.toFixed(1)} % fewer than one a poll\n`,
  )
}

await main()
