import { expect, test } from 'vitest'
import type { ProgressView } from '../../../src/contract/jobs.ts'
import { ApiProblem } from '../api-problem.ts'
import type { Track } from '../deck/index.ts'
import type { Job } from '../hooks/use-job.ts'
import { describeTrack } from './describe-track.ts'

const wish = { format: 'mp3', options: {} }
const track = (patch: Partial<Track>): Track => ({
  ...{ key: 'k', file: { name: 'a', size: 1, lastModified: 1 }, attempt: 1, uploaded: 100, edits: {} },
  ...{ state: { step: 'converting', jobId: 'j', name: 'a.mp3', wish } },
  ...patch,
})
const noJob: Job = {
  ...{ progress: undefined, record: undefined, problem: undefined, lost: false, cancelling: false },
  ...{ cancel: () => {}, retry: () => {} },
}
const running = (patch: Partial<ProgressView>): Job => ({
  ...noJob,
  progress: {
    ...{ jobId: 'j', state: 'running', phase: 'converting', progress: 40, speed: 34, etaMs: 20_000 },
    ...{
      processedMs: 0,
      durationMs: null,
      attempt: 1,
      updatedAt: '',
      stale: false,
      asOf: '',
      pollAfterMs: 1,
    },
    ...patch,
  },
})
const words = (job: Job, patch: Partial<Track> = {}) => describeTrack(track(patch), job, 'MP3').words

test('an upload tells its speed, what is left, and what comes then', () => {
  const uploading = { state: { step: 'uploading' }, bytesPerSecond: 12e6, etaMs: 20_000 } as const
  expect(words(noJob, uploading)).toBe('Uploading · 12 MB/s · 0:20 left')
  expect(words(noJob, { ...uploading, wanted: wish })).toBe('Uploading, then to MP3 · 12 MB/s · 0:20 left')
})

test('a conversion tells phase, speed, what is left, and its place in the line', () => {
  expect(words(running({}))).toBe('Converting · 34× · 0:20 left')
  expect(words(running({ phase: 'storing', speed: null, etaMs: null }))).toBe('Storing')
  expect(words(running({ state: 'queued', phase: null, queuePosition: 3 }))).toBe('Number 3 in line')
})

test('old news and no news are told as such, and the bar stays where it was', () => {
  const stale = describeTrack(track({}), running({ stale: true }), 'MP3')
  expect(stale).toMatchObject({ tone: 'stale', ended: false, conversion: { percent: 40 } })
  const problem = new ApiProblem(0, 'unreachable', '')
  expect(describeTrack(track({}), { ...running({}), problem }, 'MP3').tone).toBe('stale')
})

test('a job the server does not know is over, in the words of the problem', () => {
  const problem = new ApiProblem(404, 'job-not-found', '')
  expect(describeTrack(track({}), { ...noJob, problem, lost: true }, 'MP3')).toMatchObject({
    ...{ ended: true, retriable: true },
    words: 'The server no longer knows this conversion. Try again.',
  })
})

test('what says something about the file itself is not tried again', () => {
  const refused = (code: string) =>
    describeTrack(track({ state: { step: 'refused', code, detail: 'd' } }), noJob, 'MP3')
  expect(refused('not-audio').retriable).toBe(false)
  expect(refused('overloaded').retriable).toBe(true)
  expect(refused('never-heard-of').words).toBe('d')
})

test('a result is there exactly when the job is done', () => {
  const done = describeTrack(track({}), running({ state: 'done', phase: null, progress: 100 }), 'MP3')
  expect(done).toMatchObject({
    ...{ ended: true, tone: 'good', words: 'Ready: a.mp3' },
    result: { url: './api/jobs/j/result', name: 'a.mp3' },
  })
  expect(describeTrack(track({}), running({ progress: 99.9 }), 'MP3').result).toBeUndefined()
})
