import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GiB, MiB } from '../kernel/units.ts'
import { geometryOf, missingParts, MOST_PARTS, sizeOfPart, SMALLEST_PART_BYTES } from './geometry.ts'

test('the parts of any file add up to it, within the limits of S3', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 * 1024 * GiB }), (size) => {
      const geometry = geometryOf(size, SMALLEST_PART_BYTES)
      const last = sizeOfPart(geometry, geometry.partCount) ?? 0
      expect(geometry.partSize * (geometry.partCount - 1) + last).toBe(size)
      expect(last).toBeGreaterThan(0)
      expect(geometry.partCount).toBeLessThanOrEqual(MOST_PARTS)
      expect(geometry.partSize % MiB).toBe(0)
    }),
  )
})

test('parts outside the geometry have no size', () => {
  const geometry = geometryOf(20 * MiB, SMALLEST_PART_BYTES)
  expect([0, 1, 2, 3, 4, 1.5, NaN].map((part) => sizeOfPart(geometry, part))).toEqual([
    undefined,
    8 * MiB,
    8 * MiB,
    4 * MiB,
    undefined,
    undefined,
    undefined,
  ])
})

test('a part of the wrong size is missing', () => {
  const stored = new Map([
    [1, { size: 8 * MiB }],
    [3, { size: 1 }],
  ])
  expect(missingParts(geometryOf(20 * MiB, SMALLEST_PART_BYTES), stored)).toEqual([2, 3])
})
