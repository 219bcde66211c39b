import { expect, test } from 'vitest'
import { newJob } from '../../test/support/jobs.ts'
import { queueBacklog } from './backlog.ts'
import { workKeys } from './work-index.ts'

const NOW = 1_000_000

/** The backlog of a queue whose jobs may begin at these times. */
function backlogOf(readyAt: number[]) {
  const orders = readyAt.map((at) => workKeys(newJob(at)).workOrder ?? '').sort()
  const listOrders = (limit: number) => Promise.resolve(orders.slice(0, limit))
  return queueBacklog({ listOrders }, { now: () => NOW })
}

test('an empty queue has nobody who waits', async () => {
  expect(await backlogOf([])).toEqual({ queuedJobs: 0, longestWaitMs: 0 })
})

test('the longest wait is that of the job which might have begun first', async () => {
  expect(await backlogOf([NOW - 100, NOW - 7000, NOW - 1])).toEqual({ queuedJobs: 3, longestWaitMs: 7000 })
})

test('a job whose turn comes later counts as queued, and not as late', async () => {
  expect(await backlogOf([NOW + 5000])).toEqual({ queuedJobs: 1, longestWaitMs: 0 })
})

test('a thousand are counted at most', async () => {
  const backlog = await backlogOf(Array.from({ length: 1003 }, (_, at) => NOW - at))
  expect(backlog.queuedJobs).toBe(1000)
})
