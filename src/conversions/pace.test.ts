import { expect, test } from 'vitest'
import { newJob } from '../../test/support/jobs.ts'
import type { Snapshot } from '../progress/index.ts'
import type { Job } from './job.ts'
import { paceOf } from './pace.ts'

const job = (state: Job['state']): Job => ({ ...newJob(0), state })
const running = (etaMs: number | null) => {
  const snapshot: Snapshot = {
    fence: 0,
    phase: 'converting',
    percent: 1,
    speed: 1,
    etaMs,
    processedMs: 1,
    at: 0,
  }
  return paceOf({ job: job('running'), snapshot })
}
const queued = (queuePosition?: number) => paceOf({ job: job('queued'), queuePosition })

test('a running job is looked at five times in the time it has left, at least once a second and in a quarter of a minute', () => {
  expect([0, 5000, 5005, 37_503, 75_000, 75_010, 3_600_000].map(running)).toEqual([
    1000, 1000, 1001, 7501, 15_000, 15_000, 15_000,
  ])
})

test('a running job that has not told how long it takes may end at any moment', () => {
  expect(running(null)).toBe(1000)
  expect(paceOf({ job: job('running') })).toBe(1000)
})

test('a queued job is looked at more seldom the further back it stands, and at least each five seconds', () => {
  expect([1, 2, 3, 9, 10, 11, 100].map(queued)).toEqual([1000, 1000, 1500, 4500, 5000, 5000, 5000])
})

test('a queued job of which no place is known may be the next', () => {
  expect(queued()).toBe(1000)
})

test('a job that cleanup has is looked at as seldom as may be', () => {
  expect(paceOf({ job: job('deleting') })).toBe(15_000)
})
