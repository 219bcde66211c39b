import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDynamo } from '../../src/aws/index.ts'
import { JobReader, JobRepository, PageView, QueueView } from '../../src/conversions/index.ts'
import { newId } from '../../src/kernel/ids.ts'
import { silentMeter } from '../../src/kernel/meter.ts'
import { HOUR_MS, SECOND_MS } from '../../src/kernel/units.ts'
import { heartbeatTiming, ProgressRepository, type Snapshot } from '../../src/progress/index.ts'
import { createApi } from '../support/api.ts'
import { makeAudio, SOURCES } from '../support/audio.ts'
import { makeTables, startStores, type SharedStores } from '../support/embedded.ts'
import { newJob } from '../support/jobs.ts'
import { startService, type CapacityUse } from '../support/service.ts'

/** What every call consumed is what DynamoDB answered (`ReturnConsumedCapacity`), indexes included. */
let stores: SharedStores
let uses: CapacityUse[] = []
let jobs: JobRepository
let pages: ProgressRepository
let db: ReturnType<typeof createDynamo>

beforeAll(async () => {
  stores = await startStores()
  await makeTables(stores, stores.prefix)
  db = createDynamo(stores.settings, 'background', (use) => uses.push(use))
  jobs = new JobRepository(db, stores.prefix)
  pages = new ProgressRepository(db, stores.prefix)
})
afterAll(async () => {
  db.destroy()
  await stores[Symbol.asyncDispose]()
})

const WRITES = /^(Put|Update|Delete|BatchWrite)/
const isWrite = ({ operation }: CapacityUse) => WRITES.test(operation)
const on = (name: string) => (use: CapacityUse) => use.table.endsWith(`-${name}`)
const sum = (some: readonly CapacityUse[]) => some.reduce((total, { units }) => total + units, 0)

test('the life of a job, from its request to its tombstone, costs at most 11 write units and its pages', async () => {
  await using running = await startService()
  const api = createApi(running.url)
  const file = path.join(stores.folder, 'song.mp3')
  await makeAudio(file, {
    seconds: 300,
    flags: [...SOURCES.mp3, ...TAGS.flatMap((tag) => ['-metadata', tag])],
  })
  const uploadId = await api.upload(
    'Vilde Ekorn – Das Lied vom langen Namen (Live at Somewhere).mp3',
    await readFile(file),
  )
  const before = running.uses.length
  const { id } = await api.convert(uploadId, 'opus', { bitrateKbps: 96, channels: 1 })
  await api.done(id)
  running.turn(26 * HOUR_MS)
  expect(await running.service.sweeper.sweep({ orphans: false })).toMatchObject({ expiredJobs: 1 })
  const writes = running.uses.slice(before).filter(isWrite)
  expect(sum(writes.filter(on('jobs')))).toBe(11) // two for the queue, three each to begin and to end, three to go
  expect(sum(writes.filter(on('uploads')))).toBe(0)
  const ofPages = writes.filter(on('progress'))
  expect(ofPages.length).toBeGreaterThan(0)
  expect(ofPages.every(({ units }) => units === 1)).toBe(true)
})

const TAGS = [
  'title=Das Lied vom langen Namen',
  'artist=Vilde Ekorn',
  'album=Langsam und gründlich',
  'track=7/12',
]

test('a page with eight jobs costs one write unit, and a heartbeat no more', async () => {
  uses = []
  const lines = Array.from({ length: 8 }, () => [newId(), snapshot(43.1, Date.now())] as const)
  for (let sequence = 1000; sequence < 1003; sequence++)
    await pages.write({ workerId: newId(), sequence, jobs: Object.fromEntries(lines), at: Date.now() })
  expect(uses.map(({ units }) => units)).toEqual([1, 1, 1])
})

test('an idle process writes nothing, and each of its polls costs at most half a read unit', async () => {
  await using idle = await startService()
  const polls = () => idle.uses.filter(on('jobs')).length
  await expect.poll(polls, { timeout: 30_000 }).toBeGreaterThan(10)
  expect(idle.uses.filter(({ operation, units }) => operation !== 'Query' || units > 0.5)).toEqual([])
})

test('500 watchers of one job cost at most one read a poll interval, 99 % less than a read for each poll', async () => {
  const { polls, reads, intervals } = await watch({ jobs: 1, watchers: 500, seconds: 20 })
  expect(reads).toBeGreaterThan(0)
  expect(reads).toBeLessThanOrEqual(intervals + 2) // one more for the row, and one for the page beside it
  expect(reads / polls).toBeLessThan(0.01)
})

test('500 watchers of 50 jobs cost at least 90 % less than a read for each poll', async () => {
  const { polls, reads } = await watch({ jobs: 50, watchers: 500, seconds: 20 })
  expect(reads).toBeGreaterThan(0)
  expect(reads / polls).toBeLessThan(0.1)
})

const snapshot = (percent: number, at: number): Snapshot => ({
  ...{
    fence: 1,
    phase: 'converting' as const,
    percent,
    speed: 12.3,
    etaMs: 4 * SECOND_MS,
    processedMs: 1_234_567,
    at,
  },
})

/** Watchers that poll each second, in one process, and a worker in another whose page moves each second. */
async function watch(crowd: { jobs: number; watchers: number; seconds: number }) {
  const owner = newId()
  let now = Date.now()
  const clock = { now: () => now, sleep: () => Promise.resolve() }
  const ids = await Promise.all(
    Array.from({ length: crowd.jobs }, async () => {
      const lease = await jobs.claim(await jobs.add(newJob(now)), { owner, nonce: newId(), now })
      return lease?.jobId ?? ''
    }),
  )
  const reader = new JobReader({
    ...{ jobs, clock, leaseOf: () => undefined, meter: silentMeter },
    page: { snapshotOf: () => undefined, isConfirmed: () => false },
    pages: new PageView(pages, clock, heartbeatTiming(30_000)),
    queue: new QueueView(jobs, clock),
  })
  uses = []
  for (let second = 1; second <= crowd.seconds; second++) {
    const lines = Object.fromEntries(ids.map((id) => [id, snapshot(second, now)]))
    await pages.write({ workerId: owner, sequence: second, jobs: lines, at: now })
    const polls = Array.from({ length: crowd.watchers }, (_, at) => reader.read(ids[at % ids.length] ?? ''))
    for (const seen of await Promise.all(polls)) expect(seen?.stale).toBe(false)
    now += SECOND_MS
  }
  const reads = sum(uses.filter((use) => !isWrite(use)))
  return { reads, polls: crowd.watchers * crowd.seconds, intervals: crowd.seconds }
}
