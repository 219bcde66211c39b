import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newJob } from '../../test/support/jobs.ts'
import type { Snapshot } from '../progress/index.ts'
import type { Job } from './job.ts'
import { atLeast, isBefore, markOf, parseMark, textOf, type Mark } from './mark.ts'

const job = (state: Job['state'], fence = 1): Job => ({ ...newJob(1000), state, fence })
const snapshot = (percent: number, phase: Snapshot['phase'] = 'converting'): Snapshot => {
  return { fence: 1, phase, percent, speed: 2, etaMs: 300, processedMs: 400, at: 500 }
}
const running = (percent?: number) => ({
  job: job('running'),
  snapshot: percent === undefined ? undefined : snapshot(percent),
})

const marks = fc.record({
  fence: fc.nat({ max: 3 }),
  stage: fc.integer({ min: 1, max: 5 }),
  permille: fc.nat({ max: 1000 }),
})

describe('the order of what is known of a job', () => {
  test('each step of a lease is further than the one before it, up to the tombstone', () => {
    const steps: Job['state'][] = ['running', 'queued', 'failed', 'deleting', 'gone']
    const stages = steps.map((state) => markOf({ job: job(state) }))
    for (const [at, mark] of stages.entries())
      for (const [other, later] of stages.entries()) expect(isBefore(mark, later)).toBe(at < other)
  })

  test('however a job ended, it is equally far', () => {
    const ends = (['done', 'failed', 'cancelled'] as const).map((state) => markOf({ job: job(state) }))
    expect(new Set(ends.map(({ stage }) => stage)).size).toBe(1)
  })

  test('a newer lease is further than any state under an older one', () => {
    const older = markOf({ job: job('gone', 1) })
    const newer = markOf({ job: job('running', 2) })
    expect(isBefore(older, newer)).toBe(true)
    expect(isBefore(newer, older)).toBe(false)
  })

  test('of two running under one lease, the one with more percent is further, to a tenth', () => {
    expect(isBefore(markOf(running(41.2)), markOf(running(41.3)))).toBe(true)
    expect(markOf(running(41.26)).permille).toBe(413)
  })

  test('percent counts while the job runs only', () => {
    expect(markOf({ job: job('failed'), snapshot: snapshot(80) }).permille).toBe(0)
    expect(markOf(running()).permille).toBe(0)
  })

  test('of two marks, one is before the other, or they are the same', () => {
    fc.assert(
      fc.property(marks, marks, (a, b) => {
        const isSame = textOf(a) === textOf(b)
        expect([isBefore(a, b), isBefore(b, a), isSame].filter(Boolean)).toHaveLength(1)
      }),
    )
  })
})

describe('the text of a mark', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(marks, (mark) => {
        expect(parseMark(textOf(mark))).toEqual(mark)
      }),
    )
  })

  test.each([
    '',
    '1.2',
    '1.2.3.4',
    '-1.2.3',
    '1.22.3',
    '1.2.12345',
    '1234567890.1.1',
    'a.b.c',
    ' 1.2.3',
    '1.2.3 ',
  ])('is nothing else: "%s"', (text) => {
    expect(parseMark(text)).toBeUndefined()
  })
})

describe('a job that runs as the client has seen it run', () => {
  const saw = (permille: number, other: Partial<Mark> = {}): Mark => ({
    fence: 1,
    stage: 1,
    permille,
    ...other,
  })

  test('is told as far as the client saw it', () => {
    expect(atLeast(running(50), saw(703)).snapshot).toEqual({ ...snapshot(50), percent: 70.3 })
  })

  test('is told as it is, where it is as far or further', () => {
    for (const percent of [70, 71]) {
      const status = running(percent)
      expect(atLeast(status, saw(700))).toBe(status)
    }
  })

  test('is told in the phase that the percent belongs to', () => {
    expect(atLeast(running(50), saw(970)).snapshot?.phase).toBe('storing')
    const early = { ...running(), snapshot: snapshot(2, 'fetching') }
    expect(atLeast(early, saw(300)).snapshot?.phase).toBe('converting')
  })

  test('keeps its phase where the percent belongs to two', () => {
    const analysing = { ...running(), snapshot: snapshot(6, 'analysing') }
    expect(atLeast(analysing, saw(90)).snapshot?.phase).toBe('analysing')
  })

  test('is told with nothing but percent and phase, where this process knows nothing of it', () => {
    const status = running()
    expect(atLeast(status, saw(300)).snapshot).toEqual({
      fence: 1,
      phase: 'converting',
      percent: 30,
      speed: null,
      etaMs: null,
      processedMs: 0,
      at: status.job.updatedAt,
    })
    expect(atLeast(status, saw(30)).snapshot?.phase).toBe('fetching')
  })

  test('is told as it is, where the client saw another lease, another state or nothing', () => {
    const status = running(50)
    for (const after of [saw(700, { fence: 2 }), saw(700, { stage: 2 }), undefined])
      expect(atLeast(status, after)).toBe(status)
  })

  test('is told as it is once it has ended', () => {
    const status = { job: job('failed') }
    expect(atLeast(status, { ...markOf(status), permille: 700 })).toBe(status)
  })
})
