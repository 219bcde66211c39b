import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onward, restingAt, shownAt } from './glide.ts'

test('between two pieces of news the bar goes on at the speed that was foretold', () => {
  const glide = onward(restingAt(0), { percent: 50, etaMs: 10_000 }, 0)
  expect(shownAt(glide, 0)).toBe(50)
  expect(shownAt(glide, 1000)).toBe(55)
})

test('it does not run far ahead of what is known, nor to its end before that is true', () => {
  expect(shownAt(onward(restingAt(0), { percent: 10, etaMs: 1000 }, 0), 60_000)).toBe(18)
  expect(shownAt(onward(restingAt(0), { percent: 99, etaMs: 1000 }, 0), 60_000)).toBe(99.5)
})

test('without a time to come it stays where it is', () => {
  expect(shownAt(onward(restingAt(0), { percent: 30, etaMs: null }, 0), 5000)).toBe(30)
})

test('whatever the news and whenever they come, it never goes back', () => {
  const news = fc.record({
    percent: fc.double({ min: 0, max: 100, noNaN: true }),
    etaMs: fc.option(fc.integer({ min: 0, max: 100_000 })),
    waitMs: fc.integer({ min: 0, max: 5000 }),
  })
  fc.assert(
    fc.property(fc.array(news), (all) => {
      let glide = restingAt(0)
      let now = 0
      let last = 0
      for (const { percent, etaMs, waitMs } of all) {
        glide = onward(glide, { percent, etaMs }, now)
        for (const at of [now, now + waitMs / 2, (now += waitMs)]) {
          const shown = shownAt(glide, at)
          expect(shown).toBeGreaterThanOrEqual(last)
          last = shown
        }
      }
    }),
  )
})
