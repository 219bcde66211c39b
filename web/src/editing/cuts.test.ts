import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromOptions, moveEdge, toOptions, type Cuts, type Edge } from './cuts.ts'

const bounds = { durationMs: 10_000, longestFadeMs: 4000 }
const whole = fromOptions({}, bounds.durationMs)

test('a whole sound sets nothing', () => {
  expect(toOptions(whole, bounds.durationMs)).toEqual({})
})

test('what is cut is set, and read back as it was', () => {
  const cuts: Cuts = { startMs: 500, endMs: 9000, fadeInMs: 200, fadeOutMs: 300 }
  const options = toOptions(cuts, bounds.durationMs)
  expect(options).toEqual({ trim: { startMs: 500, endMs: 9000 }, fadeInMs: 200, fadeOutMs: 300 })
  expect(fromOptions(options, bounds.durationMs)).toEqual(cuts)
})

test('the start stops short of the end, and takes the fades along that have no room', () => {
  const cuts = { ...whole, endMs: 1000, fadeInMs: 400, fadeOutMs: 600 }
  expect(moveEdge(cuts, 'startMs', 5000, bounds)).toEqual({
    startMs: 900,
    endMs: 1000,
    fadeInMs: 100,
    fadeOutMs: 0,
  })
})

test('a fade is as long as the format takes at most, and does not run into the other one', () => {
  expect(moveEdge(whole, 'fadeInMs', 9000, bounds).fadeInMs).toBe(4000)
  const short = { ...whole, endMs: 3000, fadeOutMs: 2000 }
  expect(moveEdge(short, 'fadeInMs', 2500, bounds).fadeInMs).toBe(1000)
})

test('whatever is moved where, something is left and the fades lie within it', () => {
  const edges: Edge[] = ['startMs', 'endMs', 'fadeInMs', 'fadeOutMs']
  const moves = fc.array(fc.tuple(fc.constantFrom(...edges), fc.integer({ min: -20_000, max: 20_000 })))
  fc.assert(
    fc.property(moves, (all) => {
      const { startMs, endMs, fadeInMs, fadeOutMs } = all.reduce(
        (cuts, [edge, value]) => moveEdge(cuts, edge, value, bounds),
        whole,
      )
      expect(startMs).toBeGreaterThanOrEqual(0)
      expect(endMs).toBeLessThanOrEqual(bounds.durationMs)
      expect(endMs - startMs).toBeGreaterThanOrEqual(100)
      expect(Math.min(fadeInMs, fadeOutMs)).toBeGreaterThanOrEqual(0)
      expect(fadeInMs + fadeOutMs).toBeLessThanOrEqual(endMs - startMs)
    }),
  )
})
