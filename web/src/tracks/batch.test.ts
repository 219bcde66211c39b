import { expect, test } from 'vitest'
import type { ProgressView } from '../../../src/contract/jobs.ts'
import type { Track } from '../deck/index.ts'
import { batchOf } from './batch.ts'

const wish = { format: 'mp3', options: {} }
const track = (patch: Partial<Track>): Track => ({
  ...{ key: 'k', file: { name: 'a', size: 1, lastModified: 1 }, attempt: 1, uploaded: 100, edits: {} },
  ...{ state: { step: 'ready' } },
  ...patch,
})
const job = (jobId: string, patch: Partial<Track> = {}) =>
  track({ state: { step: 'converting', jobId, name: 'a.mp3', wish }, ...patch })
const progress = (views: Record<string, [ProgressView['state'], number]>) =>
  new Map(Object.entries(views).map(([id, [state, percent]]) => [id, { state, progress: percent }]))

test('files are counted by how they stand, those of earlier visits not at all', () => {
  const tracks = [
    track({ state: { step: 'uploading' }, uploaded: 50 }),
    track({}),
    track({ state: { step: 'refused', code: 'not-audio', detail: '' } }),
    ...['runs', 'done', 'failed'].map((id) => job(id)),
    job('old', { earlier: true }),
  ]
  const known = progress({
    runs: ['running', 50],
    done: ['done', 100],
    failed: ['failed', 20],
    old: ['done', 100],
  })
  expect(batchOf(tracks, known)).toEqual({
    ...{ total: 6, sending: 1, waiting: 2, running: 1, ready: 1, failed: 2 },
    percent: (70 + 100) / 2,
    isOver: false,
  })
})

test('a file that was asked for during its upload counts with the share that is sent', () => {
  const wanted = track({ state: { step: 'uploading' }, uploaded: 50, wanted: wish })
  expect(batchOf([wanted], new Map())).toMatchObject({ running: 1, waiting: 0, percent: 20 })
})

test('it is over when something was asked for and nothing runs any more', () => {
  expect(batchOf([], new Map()).isOver).toBe(false)
  expect(batchOf([track({})], new Map()).isOver).toBe(false)
  expect(batchOf([job('a')], progress({ a: ['running', 99] })).isOver).toBe(false)
  expect(batchOf([job('a'), track({})], progress({ a: ['done', 100] })).isOver).toBe(true)
})
