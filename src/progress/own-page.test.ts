import { expect, test } from 'vitest'
import type { Clock } from '../kernel/clock.ts'
import { silentLog } from '../kernel/log.ts'
import { heartbeatTiming } from './heartbeat-timing.ts'
import { OwnPage } from './own-page.ts'
import type { Page, Snapshot } from './page.ts'

const snapshot = (percent: number, fence = 1): Snapshot => ({
  fence,
  phase: 'converting',
  percent,
  speed: 10,
  etaMs: 1000,
  processedMs: 500,
  at: 0,
})

/** A clock whose every sleep runs the next step and passes a second. */
function steppedClock(steps: (() => void)[]): Clock {
  let now = 1_000_000
  return {
    now: () => now,
    sleep() {
      now += 1000
      steps.shift()?.()
      return Promise.resolve()
    },
  }
}

let pages: Page[] = []
let late = 0
const keep = (page: Page) => {
  pages.push(page)
}

async function run(steps: ((page: OwnPage) => void)[], write: (page: Page) => void = keep) {
  const clock = steppedClock([...steps.map((step) => () => step(page)), () => page.stop()])
  const page = new OwnPage({
    repository: {
      write: (one) =>
        Promise.resolve().then(() => {
          write(one)
          return []
        }),
    },
    workerId: 'w',
    clock,
    log: silentLog,
    meter: { heartbeatLate: () => (late += 1) },
    timing: heartbeatTiming(30_000),
  })
  await page.run()
  return page
}

test('a page is written when something moved, and every two seconds as a heartbeat', async () => {
  pages = []
  const wait = () => undefined
  await run([(page) => page.report('j', snapshot(10)), wait, wait, wait])
  expect(pages.map(({ sequence, at }) => [sequence, at])).toEqual([
    [1, 1_001_000],
    [2, 1_003_000],
    [3, 1_005_000],
  ])
})

test('nothing is written while no job runs', async () => {
  pages = []
  await run([(page) => page.forget('j'), () => undefined])
  expect(pages).toEqual([])
})

test('percent never falls within one lease, and starts anew with the next', async () => {
  pages = []
  const page = await run([
    (one) => one.report('j', snapshot(40)),
    (one) => one.report('j', snapshot(30)),
    (one) => one.report('j', snapshot(5, 2)),
  ])
  expect(pages.map(({ jobs }) => jobs['j']?.percent)).toEqual([40, 40, 5, 5].slice(0, pages.length))
  expect(page.snapshotOf('j')?.percent).toBe(5)
})

test('a page that could not be written is followed by a later one', async () => {
  pages = []
  let failures = 1
  await run([(page) => page.report('j', snapshot(1)), (page) => page.report('j', snapshot(2))], (page) => {
    if (failures-- > 0) throw new Error('away')
    pages.push(page)
  })
  expect(pages.at(0)).toMatchObject({ sequence: 2, jobs: { j: { percent: 2 } } })
})

test('a job that was on the page over a long silence is not confirmed any more; one that came later is', async () => {
  let away = false
  late = 0
  const wait = () => undefined
  const silence = Array.from({ length: 12 }, () => wait)
  const steps = [
    ...[(page: OwnPage) => page.report('old', snapshot(1)), wait],
    ...[() => void (away = true), ...silence, () => void (away = false), wait],
    ...[(page: OwnPage) => page.report('new', snapshot(1)), wait],
  ]
  const page = await run(steps, () => {
    if (away) throw new Error('away')
  })
  expect([page.isConfirmed('old'), page.isConfirmed('new')]).toEqual([false, true])
  expect(late).toBe(1)
})
