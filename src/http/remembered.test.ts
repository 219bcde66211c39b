import { expect, test } from 'vitest'
import { createFakeClock } from '../../test/support/fake-clock.ts'
import { remembered } from './remembered.ts'

test('a question is asked once for all who ask within a while, and again afterwards', async () => {
  const clock = createFakeClock()
  let asked = 0
  const ask = remembered(clock, 1000, () => Promise.resolve(++asked))
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1])
  await clock.advance(1000)
  expect(await ask()).toBe(1)
  await clock.advance(1)
  expect(await ask()).toBe(2)
  await clock.advance(1000)
  expect(await ask()).toBe(2)
})
