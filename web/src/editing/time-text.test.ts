import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTime, timeText } from './time-text.ts'

test.each([
  ['83.5', 83_500],
  ['1:23.5', 83_500],
  ['1:01:23,5', 3_683_500],
  [' 0:07 ', 7000],
  ['600', 600_000],
])('%s is a time', (text, ms) => expect(parseTime(text)).toBe(ms))

test.each(['', 'abc', '1:75', '-3', '1:2:3:4', '1.2345'])('%s is none', (text) =>
  expect(parseTime(text)).toBeUndefined(),
)

test('every time is read back as it was written', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 360_000_000 }), (ms) => parseTime(timeText(ms)) === ms))
})
