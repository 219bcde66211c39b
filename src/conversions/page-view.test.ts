import { beforeEach, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { newJob } from '../../test/support/jobs.ts'
import { heartbeatTiming, type Page, type Snapshot } from '../progress/index.ts'
import type { Job } from './job.ts'
import { PageView } from './page-view.ts'

let clock: FakeClock
let pages: Map<string, Page>
let reads: string[]
let failing: boolean
/** How long a read takes. */
let readMs: number
let view: PageView

beforeEach(() => {
  clock = createFakeClock(1_000_000)
  pages = new Map()
  reads = []
  failing = false
  readMs = 0
  const read = async (owner: string) => {
    reads.push(owner)
    if (readMs > 0) await clock.sleep(readMs)
    if (failing) throw new Error('away')
    return pages.get(owner)
  }
  view = new PageView({ read }, clock, heartbeatTiming(30_000))
})

const running = (owner?: string, fence = 1): Job => ({
  ...newJob(0),
  jobId: 'j',
  state: 'running',
  fence,
  ...(owner !== undefined && { owner }),
})

const snapshot = (percent: number): Snapshot => {
  return { fence: 1, phase: 'converting', percent, speed: 1, etaMs: 1, processedMs: 1, at: 0 }
}

const write = (workerId: string, sequence: number, percent = 50) =>
  pages.set(workerId, { workerId, sequence, jobs: { j: snapshot(percent) }, at: 0 })

test('a line is told as it lies on the page of the worker that holds the job', async () => {
  write('w', 1)
  write('other', 1, 99)
  expect(await view.lineOf(running('w'))).toEqual({ snapshot: snapshot(50), alive: true, asOf: 1_000_000 })
})

test('a line of another lease is none, and neither is a page without the job, or no page', async () => {
  write('w', 1)
  pages.set('idle', { workerId: 'idle', sequence: 1, jobs: {}, at: 0 })
  for (const job of [running('w', 2), running('w', 0), running('idle'), running('nobody'), running()])
    expect(await view.lineOf(job)).toBeUndefined()
})

test('a page is read once a second, however many ask', async () => {
  write('w', 1)
  await Promise.all([view.lineOf(running('w')), view.lineOf(running('w'))])
  await clock.advance(999)
  write('w', 2, 60)
  expect((await view.lineOf(running('w')))?.snapshot.percent).toBe(50)
  expect(reads).toEqual(['w'])
  await clock.advance(1)
  expect((await view.lineOf(running('w')))?.snapshot.percent).toBe(60)
  expect(reads).toEqual(['w', 'w'])
})

test('pages of two workers are read each for itself', async () => {
  write('a', 1, 10)
  write('b', 1, 20)
  const lines = await Promise.all([view.lineOf(running('a')), view.lineOf(running('b'))])
  expect(lines.map((line) => line?.snapshot.percent)).toEqual([10, 20])
})

test('a worker is alive for five seconds after its page was seen to move', async () => {
  write('w', 1)
  await view.lineOf(running('w'))
  await clock.advance(5000)
  expect(await view.lineOf(running('w'))).toMatchObject({ alive: true, asOf: 1_005_000 })
  await clock.advance(1)
  expect(await view.lineOf(running('w'))).toMatchObject({ alive: false })
  await clock.advance(1000)
  expect(await view.lineOf(running('w'))).toMatchObject({ alive: false })
  write('w', 2)
  await clock.advance(1000)
  expect(await view.lineOf(running('w'))).toMatchObject({ alive: true })
})

test('the first page that is seen counts as moved, since nobody knows for how long it has stood', async () => {
  write('w', 7)
  expect(await view.lineOf(running('w'))).toMatchObject({ alive: true })
})

test('a page is as of when its read began', async () => {
  write('w', 1)
  readMs = 300
  const line = view.lineOf(running('w'))
  await clock.advance(300)
  expect(await line).toMatchObject({ asOf: 1_000_000 })
})

test('a page that moved while it was read has moved when the read ended', async () => {
  write('w', 1)
  readMs = 300
  const line = view.lineOf(running('w'))
  await clock.advance(300)
  await line
  readMs = 0
  await clock.advance(5000)
  expect(await view.lineOf(running('w'))).toMatchObject({ alive: true })
})

test('a read that failed is told to all who waited for it, and the next one who asks has the page read again', async () => {
  write('w', 1)
  failing = true
  const both = await Promise.allSettled([view.lineOf(running('w')), view.lineOf(running('w'))])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  failing = false
  expect(await view.lineOf(running('w'))).toMatchObject({ alive: true })
  expect(reads).toEqual(['w', 'w'])
})
