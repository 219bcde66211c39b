import { expect, test } from 'vitest'
import { createFakeClock, settled } from '../../test/support/fake-clock.ts'
import { Pauses } from './pauses.ts'

const RANGE = { shortestMs: 500, longestMs: 3000 }

function start(random = () => 1) {
  const clock = createFakeClock()
  const pauses = new Pauses({ clock, random }, RANGE)
  /** Pauses so often, each to its end. */
  const pause = async (times: number) => {
    for (let left = times; left > 0; left--) {
      const over = pauses.pause()
      await clock.advance(RANGE.longestMs)
      await over
    }
  }
  return { clock, pauses, pause }
}

test('each pause is twice as long as the one before it, up to the longest', async () => {
  const { clock, pause } = start()
  await pause(5)
  expect(clock.sleeps).toEqual([500, 1000, 2000, 3000, 3000])
})

test('a pause lasts half to all of what is due, as chance has it', async () => {
  const chances = [0, 0.5, 1]
  const { clock, pause } = start(() => chances.shift() ?? 0)
  await pause(3)
  expect(clock.sleeps).toEqual([250, 750, 2000])
})

test('after work was found the next pause is short again', async () => {
  const { clock, pauses, pause } = start()
  await pause(3)
  pauses.reset()
  await pause(2)
  expect(clock.sleeps).toEqual([500, 1000, 2000, 500, 1000])
})

test('waking ends the pause under way at once', async () => {
  const { pauses } = start()
  let over = false
  const pausing = pauses.pause().then(() => (over = true))
  await settled()
  expect(over).toBe(false)
  pauses.wake()
  await pausing
  expect(over).toBe(true)
})

test('waking between two pauses skips the next one only, and makes it a short one', async () => {
  const { clock, pauses, pause } = start()
  await pause(3)
  pauses.wake()
  await pauses.pause() // would wait for the clock
  let over = false
  void pauses.pause().then(() => (over = true))
  await settled()
  expect(over).toBe(false)
  expect(clock.sleeps).toEqual([500, 1000, 2000, 500, 1000])
})
