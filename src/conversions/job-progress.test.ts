import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { newJob } from '../../test/support/jobs.ts'
import type { Snapshot } from '../progress/index.ts'
import { createProgress, type Progress } from './job-progress.ts'

let clock: FakeClock
let told: Snapshot[]
let progress: Progress

beforeEach(() => {
  clock = createFakeClock(1_000_000)
  told = []
  const job = { ...newJob(0), owner: 'w', fence: 3 }
  progress = createProgress(clock, { job, report: (snapshot) => void told.push(snapshot) })
})

/** What is told of a step. */
function after(step: () => void): Snapshot | undefined {
  step()
  return told.at(-1)
}

/** Converts so much audio, a second later. */
async function convert(
  processedMs: number,
  durationMs: number | null = 100_000,
): Promise<Snapshot | undefined> {
  await clock.advance(1000)
  return after(() => progress.converting(processedMs, durationMs))
}

describe('percent', () => {
  test('goes through all phases, each from where the one before it ended', () => {
    const shares = [0, 0.5, 1]
    for (const share of shares) progress.fetching(share)
    for (const share of shares) progress.analysing(share)
    for (const share of shares) progress.converting(share * 1000, 1000)
    for (const share of shares) progress.storing(share)
    expect(told.map(({ percent }) => percent)).toEqual([0, 2.5, 5, 5, 7.5, 10, 10, 52.5, 95, 95, 97, 99])
    expect(new Set(told.map(({ phase }) => phase))).toEqual(
      new Set(['fetching', 'analysing', 'converting', 'storing']),
    )
  })

  test('is rounded down to a tenth', () => {
    expect(after(() => progress.converting(999, 1000))?.percent).toBe(94.9)
  })

  test('stays within its phase where more came than was announced', () => {
    expect(after(() => progress.fetching(1.5))?.percent).toBe(5)
    expect(after(() => progress.converting(3000, 1000))?.percent).toBe(95)
  })

  test('is not invented for a source of unknown length', async () => {
    expect(await convert(50_000, null)).toMatchObject({
      percent: 10,
      etaMs: null,
      processedMs: 50_000,
      speed: 50,
    })
  })
})

test('each step is told under the lease it belongs to, with its time', async () => {
  await clock.advance(5)
  expect(after(() => progress.fetching(0))).toEqual({
    fence: 3,
    phase: 'fetching',
    percent: 0,
    speed: null,
    etaMs: null,
    processedMs: 0,
    at: 1_000_005,
  })
})

describe('speed', () => {
  test('is not known before anything was converted in any time', () => {
    expect(after(() => progress.converting(0, 100_000))).toMatchObject({ speed: null, etaMs: null })
    expect(after(() => progress.converting(500, 100_000))).toMatchObject({ speed: null, processedMs: 500 })
  })

  test('is how many times as fast as real time, and tells how long the rest takes', async () => {
    expect(await convert(20_000)).toMatchObject({ speed: 20, etaMs: 4000 })
  })

  test('takes over three tenths of each new measurement', async () => {
    await convert(20_000)
    expect((await convert(30_000))?.speed).toBe(17)
    expect((await convert(31_234))?.speed).toBe(12.27)
    expect((await convert(33_000))?.speed).toBe(9.12) // 9.11894
  })

  test('stays as it was while nothing moves forward', async () => {
    await convert(20_000)
    expect((await convert(20_000))?.speed).toBe(20)
    expect((await convert(10_000))?.speed).toBe(20)
  })

  test('is measured from the last step that moved forward', async () => {
    await convert(20_000)
    await convert(20_000)
    expect((await convert(40_000))?.speed).toBe(17) // twenty seconds in two
  })
})

describe('what is left', () => {
  test('is nothing where more was converted than was announced', async () => {
    expect((await convert(120_000))?.etaMs).toBe(0)
  })

  test('is told to a millisecond', async () => {
    expect((await convert(30_000, 100_016))?.etaMs).toBe(2334) // 2333.87
  })

  test('of storing what was not converted here is told without a speed', () => {
    expect(after(() => progress.storing(0))).toMatchObject({ processedMs: 0, speed: null })
  })

  test('of storing is about a second, and what was converted is still told', async () => {
    await convert(100_000)
    expect(after(() => progress.storing(0.9))).toMatchObject({
      etaMs: 1000,
      processedMs: 100_000,
      speed: 100,
    })
    expect(after(() => progress.storing(1))).toMatchObject({ etaMs: 0 })
  })
})
