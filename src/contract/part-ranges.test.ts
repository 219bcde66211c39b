import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatPartRanges, parsePartRanges } from './part-ranges.ts'

test('runs of parts are joined, in order, whatever the order they came in', () => {
  expect(formatPartRanges([])).toBe('')
  expect(formatPartRanges([3, 1, 2, 7, 9, 8, 5])).toBe('1-3,5,7-9')
})

test('what is formatted is parsed back to the same parts', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 10_000 })), (parts) => {
      expect([...parsePartRanges(formatPartRanges(parts))]).toEqual(parts.sort((a, b) => a - b))
    }),
  )
})

test.each(['1-', 'a', '1,,2', '-3', '1-2-3', ' 1'])('%j is not a list of ranges', (text) => {
  expect(() => parsePartRanges(text)).toThrow(RangeError)
})
