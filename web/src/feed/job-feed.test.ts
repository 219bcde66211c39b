import { expect, test } from 'vitest'
import type { ProgressView } from '../../../src/contract/jobs.ts'
import { JobFeed, type Stream } from './job-feed.ts'

class FakeStream extends EventTarget {
  readyState = 1
  readonly jobIds: readonly string[]
  constructor(jobIds: readonly string[]) {
    super()
    this.jobIds = jobIds
  }
  close = () => void (this.readyState = 2)
  tell = (type: string, data: object = {}) =>
    this.dispatchEvent(Object.assign(new Event(type), { data: JSON.stringify(data) }))
}

function setUp() {
  const streams: FakeStream[] = []
  const due: { run: () => void; ms: number }[] = []
  const seen: string[] = []
  const problems: string[] = []
  const silences: (readonly string[])[] = []
  const feed = new JobFeed({
    open: (jobIds) => {
      const stream = new FakeStream(jobIds)
      streams.push(stream)
      return stream as unknown as Stream
    },
    onProgress: ({ jobId, state }: ProgressView) => void seen.push(`${jobId} ${state}`),
    onProblem: (jobId) => void problems.push(jobId),
    onSilence: (jobIds) => void silences.push(jobIds),
    later: (run, ms) => void due.push({ run, ms }),
  })
  const passTime = () => due.splice(0).forEach(({ run }) => run())
  return { feed, streams, due, seen, problems, silences, passTime }
}

test('jobs that begin together come by one stream', () => {
  const { feed, streams, passTime } = setUp()
  for (const id of ['a', 'b']) feed.follow(id)
  expect(feed.isLive('a')).toBe(false)
  passTime()
  expect(streams.map(({ jobIds }) => jobIds)).toEqual([['a', 'b']])
  expect(feed.isLive('a')).toBe(true)
})

test('one more job opens a stream for all that run, and closes the one before', () => {
  const { feed, streams, seen, passTime } = setUp()
  feed.follow('a')
  feed.follow('b')
  passTime()
  streams[0]?.tell('progress', { jobId: 'a', state: 'done' })
  feed.follow('c')
  passTime()
  expect(seen).toEqual(['a done'])
  expect(streams.map(({ jobIds, readyState }) => [jobIds, readyState])).toEqual([
    [['a', 'b'], 2],
    [['b', 'c'], 1],
  ])
})

test('when all jobs are over it lets the line go, before the browser comes back for nothing', () => {
  const { feed, streams, problems, passTime } = setUp()
  feed.follow('a')
  feed.follow('gone')
  passTime()
  streams[0]?.tell('problem', { jobId: 'gone' })
  streams[0]?.tell('progress', { jobId: 'a', state: 'failed' })
  expect(problems).toEqual(['gone'])
  expect(streams[0]?.readyState).toBe(2)
})

test('a line that broke for good is opened again after a while, and news are asked for meanwhile', () => {
  const { feed, streams, due, passTime } = setUp()
  feed.follow('a')
  passTime()
  streams[0]?.close()
  streams[0]?.tell('error')
  expect(feed.isLive('a')).toBe(false)
  expect(due.map(({ ms }) => ms)).toEqual([5000, 4000])
  passTime()
  expect(streams.length).toBe(2)
})

test('of a line that broke and does not come back, jobs that are not over are asked for', () => {
  const { feed, streams, silences, due, passTime } = setUp()
  for (const id of ['a', 'b']) feed.follow(id)
  passTime()
  streams[0]?.tell('progress', { jobId: 'a', state: 'done' })
  const breakLine = () => {
    Object.assign(streams[0] ?? {}, { readyState: 0 })
    streams[0]?.tell('error')
  }
  breakLine()
  breakLine() // the browser came back in vain
  expect(due).toHaveLength(1)
  passTime()
  expect(silences).toEqual([['b']])
  breakLine()
  passTime()
  expect(silences).toEqual([['b'], ['b']])
})

test('a line that broke and came back in time costs no question', () => {
  const { feed, streams, silences, passTime } = setUp()
  feed.follow('a')
  passTime()
  Object.assign(streams[0] ?? {}, { readyState: 0 })
  streams[0]?.tell('error')
  Object.assign(streams[0] ?? {}, { readyState: 1 })
  passTime()
  expect(silences).toEqual([])
})

test('a window nobody looks at has no line', () => {
  const { feed, streams, passTime } = setUp()
  feed.follow('a')
  passTime()
  feed.show(false)
  expect(streams[0]?.readyState).toBe(2)
  feed.show(true)
  passTime()
  expect(streams.length).toBe(2)
})

test('a job that is tried again is followed again', () => {
  const { feed, streams, passTime } = setUp()
  feed.follow('a')
  passTime()
  streams[0]?.tell('progress', { jobId: 'a', state: 'failed' })
  feed.revive('a')
  passTime()
  expect(streams.at(-1)?.jobIds).toEqual(['a'])
})

test('a job nobody follows any more is left out of the next stream', () => {
  const { feed, streams, passTime } = setUp()
  const leave = feed.follow('a')
  leave()
  feed.follow('b')
  passTime()
  expect(streams.map(({ jobIds }) => jobIds)).toEqual([['b']])
})
