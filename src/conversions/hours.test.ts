import { expect, test } from 'vitest'
import { hours } from './hours.ts'

test.each([
  [7_200_000, '2'],
  [5_400_000, '1.5'],
  [4_000_000, '1.1'],
  [360_000, '0.1'],
  [359_000, '0.1'],
  [90_000, '0.025'],
  [1000, '0.00028'],
])('%d ms are told as %s hours', (ms, told) => {
  expect(hours(ms)).toBe(told)
})
