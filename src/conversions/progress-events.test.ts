import { expect, test } from 'vitest'
import { StoreUnavailable } from '../aws/index.ts'
import { JobNotFound } from './failures.ts'
import type { Job } from './job.ts'
import type { Seen } from './job-status.ts'
import { progressEvents, type Wanted } from './progress-events.ts'

const media = { container: 'wav', codec: 'pcm', durationMs: 9, sampleRateHz: 8000, channels: 1 }

const jobIn = (jobId: string, state: Job['state']): Job => ({
  ...{ jobId, state, fence: 1, attempt: 1, spared: 0, crashes: 0, readyAt: 0, priority: 50 },
  source: { uploadId: 'u', name: 'n', size: 1, media: { ...media, tags: {}, artwork: false, chapters: 0 } },
  ...{ format: 'mp3', options: {}, changes: [], name: 'n.mp3', requestHash: 'h' },
  ...{ createdAt: 0, updatedAt: 0, expiresAt: 1e15 },
})

/** Hears a stream to its end, with a clock that stands still but for its sleeps. */
async function hear(answers: Record<string, (now: number) => Seen>, wanted: Wanted, stopAt = Infinity) {
  let now = 1_000_000
  const start = now
  const stop = new AbortController()
  const clock = {
    now: () => now,
    sleep(ms: number) {
      now += ms
      if (now - start >= stopAt) stop.abort()
      return Promise.resolve()
    },
  }
  const find = (jobId: string) =>
    Promise.resolve().then(() => {
      const answer = answers[jobId]
      if (!answer) throw new JobNotFound(jobId)
      return answer(now - start)
    })
  const heard: { at: number; text: string }[] = []
  const parts = { conversions: { find }, clock, random: () => 0.5 }
  for await (const text of progressEvents(parts, wanted, stop.signal)) heard.push({ at: now - start, text })
  return { heard, lastedMs: now - start, all: heard.map(({ text }) => text).join('') }
}

const seen = (job: Job, now: number, percent?: number): Seen => ({
  status: {
    job,
    ...(percent !== undefined && {
      snapshot: { fence: 1, phase: 'converting', percent, speed: 1, etaMs: 1, processedMs: 1, at: 0 },
    }),
  },
  stale: false,
  asOf: now,
  nextAt: now + 1_001_000,
})

const wants = (...jobIds: string[]): Wanted => jobIds.map((jobId) => ({ jobId, after: undefined }))

test('a snapshot comes first, then each change once, and the stream ends with the last job', async () => {
  const a = (now: number) => seen(jobIn('a', now < 3000 ? 'running' : 'done'), now, now < 2000 ? 10 : 20)
  const b = (now: number) => seen(jobIn('b', 'done'), now)
  const { heard, all } = await hear({ a, b }, wants('a', 'b'))
  expect(heard[0]).toEqual({ at: 0, text: 'retry: 2000\n\n' })
  expect(heard[1]?.text.match(/^event: progress$/gm)).toHaveLength(2)
  expect(all.match(/"progress":[\d.]+/g)).toEqual(
    ['10', '100', '20', '100'].map((one) => `"progress":${one}`),
  )
  expect(heard.at(-1)).toMatchObject({ at: 3000 })
  expect(heard.at(-1)?.text).toContain('id: 1.3.0-1.3.0\n')
})

test('while nothing moves a comment is sent at least every 15 seconds, and the stream ends after about 100', async () => {
  const { heard, lastedMs } = await hear({ a: (now) => seen(jobIn('a', 'running'), now, 10) }, wants('a'))
  const pauses = heard.map(({ at }, index) => at - (heard[index - 1]?.at ?? 0))
  expect(Math.max(...pauses)).toBeLessThanOrEqual(15_000)
  expect(heard.slice(2).every(({ text }) => text === ': ping\n\n')).toBe(true)
  expect(lastedMs).toBeGreaterThan(85_000)
  expect(lastedMs).toBeLessThanOrEqual(100_000)
})

test('a store that is away does not end the stream: it says degraded once, and once when it is well again', async () => {
  const a = (now: number) => {
    if (now >= 2000 && now < 5000) throw new StoreUnavailable('state', undefined)
    return seen(jobIn('a', now < 8000 ? 'running' : 'done'), now, 10)
  }
  const { heard } = await hear({ a }, wants('a'))
  const degraded = heard.filter(({ text }) => text.includes('event: degraded'))
  expect(degraded.map(({ text }) => /data: (.*)/.exec(text)?.[1])).toEqual([
    '{"degraded":["state"]}',
    '{"degraded":[]}',
  ])
  expect(heard.at(-1)?.text).toContain('"state":"done"')
})

test('a job that is not there is told as a problem, and the others go on', async () => {
  const { all } = await hear({ a: (now) => seen(jobIn('a', 'done'), now) }, wants('a', 'nothing'))
  expect(all).toContain('event: problem\ndata: {"jobId":"nothing","code":"job-not-found"')
  expect(all).toContain('"state":"done"')
})

test('a server that stops ends its streams', async () => {
  const { lastedMs } = await hear({ a: (now) => seen(jobIn('a', 'running'), now, 1) }, wants('a'), 3000)
  expect(lastedMs).toBe(3000)
})
