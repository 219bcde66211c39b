import { expect, test } from 'vitest'
import { outlineOf } from './outline.ts'

test('goes along the highest samples and back along the lowest', () => {
  expect(outlineOf({ bits: 8, length: 2, data: [-64, 64, -128, 127] })).toBe(
    'M0 128L0.5 64L1.5 1L2 128L1.5 256L0.5 192Z',
  )
})

test('silence is a thin line', () => {
  expect(outlineOf({ bits: 8, length: 1, data: [0, 0] })).toBe('M0 128L0.5 127L1 128L0.5 129Z')
})
