import { expect, test } from 'vitest'
import { silentLog } from '../kernel/log.ts'
import { QueueReport } from './queue-report.ts'
import { sortableTime } from '../aws/index.ts'

/** A clock at 100 s whose sleepers wake when they are told to, a minute later. */
function turnable() {
  let now = 100_000
  let wake = Promise.withResolvers<undefined>()
  const sleep = async (ms: number, signal?: AbortSignal) => {
    signal?.addEventListener('abort', () => wake.resolve(undefined), { once: true })
    await wake.promise
    now += ms
  }
  const turn = () => {
    wake.resolve(undefined)
    wake = Promise.withResolvers()
  }
  return { clock: { now: () => now, sleep }, turn }
}

const waiting = (priority: number, readyAt: number, id: string) =>
  `${priority}#${sortableTime(readyAt)}#${id}`

/** Reports on these queues, one after the other; an error is thrown. */
function reporter(queues: (string[] | Error)[]) {
  const lines: unknown[] = []
  const write = (fields: Record<string, unknown>, sentence: string) => lines.push([sentence, fields])
  const listOrders = () => {
    const queue = queues.shift() ?? []
    return queue instanceof Error ? Promise.reject(queue) : Promise.resolve(queue)
  }
  const { clock, turn } = turnable()
  const log = { ...silentLog, info: write, warn: write }
  return { report: new QueueReport({ jobs: { listOrders }, clock, log }), turn, lines }
}

test('the queue is told at start and each minute: how many wait, and how long the oldest has, whatever its priority', async () => {
  const urgent = waiting(10, 90_000, 'b')
  const { report, turn, lines } = reporter([[urgent, waiting(50, 40_000, 'a')], [urgent]])
  report.start()
  await expect.poll(() => lines).toEqual([['queue', { queued: 2, oldestQueuedMs: 60_000 }]])
  turn()
  await expect.poll(() => lines.at(1)).toEqual(['queue', { queued: 1, oldestQueuedMs: 70_000 }])
  await report.stop()
})

test('an empty queue is told, too, and a job that has to wait before its next attempt is not late', async () => {
  const { report, turn, lines } = reporter([[], [waiting(50, 999_000, 'later')]])
  report.start()
  await expect.poll(() => lines).toEqual([['queue', { queued: 0, oldestQueuedMs: 0 }]])
  turn()
  await expect.poll(() => lines.at(1)).toEqual(['queue', { queued: 1, oldestQueuedMs: 0 }])
  await report.stop()
})

test('a queue that cannot be read is no empty queue, and the next minute tells it again', async () => {
  const away = new Error('away')
  const { report, turn, lines } = reporter([away, []])
  report.start()
  await expect.poll(() => lines).toEqual([['queue not read', { err: away }]])
  turn()
  await expect.poll(() => lines.at(1)).toEqual(['queue', { queued: 0, oldestQueuedMs: 0 }])
  await report.stop()
  expect(lines).toHaveLength(2)
})
