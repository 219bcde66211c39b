import { beforeEach, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { newJob } from '../../test/support/jobs.ts'
import type { Job } from './job.ts'
import { QueueView } from './queue-view.ts'
import { workKeys } from './work-index.ts'

let clock: FakeClock
let waiting: Job[]
let limits: number[]
let failing: boolean
let view: QueueView

beforeEach(() => {
  clock = createFakeClock(1_000_000)
  waiting = []
  limits = []
  failing = false
  const listOrders = (limit: number) => {
    limits.push(limit)
    if (failing) return Promise.reject(new Error('away'))
    const orders = waiting.map((job) => workKeys(job).workOrder ?? '').sort()
    return Promise.resolve(orders.slice(0, limit))
  }
  view = new QueueView({ listOrders }, clock)
})

/** Queues a job that may begin at `readyAt`. */
function queue(readyAt: number, priority = 50): Job {
  const job = { ...newJob(readyAt), priority }
  waiting.push(job)
  return job
}

test('the place of a job counts those that come before it, by urgency and then by time', async () => {
  const [second, third, first] = [queue(2000), queue(3000), queue(9000, 10)]
  const places = await Promise.all([first, second, third].map((job) => view.positionOf(job)))
  expect(places).toEqual([1, 2, 3])
})

test('a job that the list does not have yet stands where it belongs', async () => {
  queue(2000)
  await view.positionOf(queue(3000))
  expect(await view.positionOf(newJob(2500))).toBe(2)
})

test('places beyond a hundred are told as the hundredth, and no more is read than that', async () => {
  const jobs = Array.from({ length: 120 }, (_, at) => queue(1000 + at))
  const places = await Promise.all([98, 99, 100, 119].map((at) => view.positionOf(jobs[at] ?? newJob(0))))
  expect(places).toEqual([99, 100, 100, 100])
  expect(limits).toEqual([100])
})

test('the queue is read once a second, for all who wait in it', async () => {
  const job = queue(2000)
  await Promise.all([view.positionOf(job), view.positionOf(job)])
  queue(1000)
  await clock.advance(999)
  expect(await view.positionOf(job)).toBe(1)
  await clock.advance(1)
  expect(await view.positionOf(job)).toBe(2)
  expect(limits).toHaveLength(2)
})

test('a read that failed is made again for the next one who asks', async () => {
  const job = queue(2000)
  failing = true
  await expect(view.positionOf(job)).rejects.toThrow('away')
  failing = false
  expect(await view.positionOf(job)).toBe(1)
})
