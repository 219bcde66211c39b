import { expect, test } from 'vitest'
import type { ProgressView } from '../../../src/contract/jobs.ts'
import { newest } from './job-news.ts'

const view = (patch: Partial<ProgressView>): ProgressView => ({
  ...{ jobId: 'j', state: 'running', phase: 'converting', progress: 50, speed: null, etaMs: null },
  ...{ processedMs: 0, durationMs: null, attempt: 1, stale: false, asOf: '', pollAfterMs: 1000 },
  updatedAt: '2026-01-01T00:00:10.000Z',
  ...patch,
})
const earlier = '2026-01-01T00:00:05.000Z'
const later = '2026-01-01T00:00:15.000Z'

test('progress never falls within an attempt', () => {
  expect(newest(view({}), view({ progress: 40, updatedAt: later })).progress).toBe(50)
  expect(newest(view({}), view({ progress: 60 })).progress).toBe(60)
})

test('a new attempt begins anew, and what is told of the one before comes too late', () => {
  expect(newest(view({}), view({ attempt: 2, progress: 3 })).progress).toBe(3)
  expect(newest(view({ attempt: 2, progress: 3 }), view({ progress: 90 }))).toMatchObject({
    attempt: 2,
    progress: 3,
  })
})

test('after the end only a new try is news', () => {
  const failed = view({ state: 'failed' })
  expect(newest(failed, view({ updatedAt: earlier }))).toBe(failed)
  expect(newest(failed, view({ state: 'queued', phase: null, updatedAt: later })).state).toBe('queued')
})
