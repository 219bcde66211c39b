import { describe, expect, test } from 'vitest'
import { quoted, warningsOf, type MadeResult } from './result-warnings.ts'

const made = (values: Partial<MadeResult>) =>
  warningsOf({ durationMs: 10_000, expectedMs: 10_000, untoldMs: 0, stderr: '', ...values })

describe('a result that is not as long as expected', () => {
  test('is told with both lengths, be it too short or too long', () => {
    for (const durationMs of [9899, 10_101])
      expect(made({ durationMs })).toEqual([
        `The result lasts ${(durationMs / 1000).toFixed(2)} s; by what the source announced it should last 10.00 s.`,
      ])
  })

  test('may differ by one percent', () => {
    for (const durationMs of [9900, 10_100]) expect(made({ durationMs })).toEqual([])
  })

  test('may differ by 50 ms where one percent is less', () => {
    for (const durationMs of [950, 1050]) expect(made({ durationMs, expectedMs: 1000 })).toEqual([])
    for (const durationMs of [949, 1051]) expect(made({ durationMs, expectedMs: 1000 })).toHaveLength(1)
  })

  test('may differ by what neither codec tells as well', () => {
    expect(made({ durationMs: 10_130, untoldMs: 30 })).toEqual([])
    expect(made({ durationMs: 10_131, untoldMs: 30 })).toHaveLength(1)
  })

  test('cannot be told where nobody knows how long the source is', () => {
    expect(made({ expectedMs: null })).toEqual([])
  })
})

describe('a source that FFmpeg complained of', () => {
  test('is told as damaged, in the words of the last complaint', () => {
    expect(made({ stderr: '[mp3 @ 0x1] Header missing\n' })).toEqual([
      'The source is damaged in places (FFmpeg: Header missing).',
    ])
  })

  test('is not damaged where nothing but blanks was said', () => {
    expect(made({ stderr: ' \n' })).toEqual([])
  })

  test('comes after what is told of the length', () => {
    const [first, second] = made({ durationMs: 1, stderr: 'broken' })
    expect(first).toContain('lasts')
    expect(second).toContain('damaged')
  })
})

describe('what FFmpeg said last', () => {
  test.each([
    ['one line\n', ' (FFmpeg: one line)'],
    ['first\nlast\n', ' (FFmpeg: last)'],
    ['[flac @ 0x55d0c8] invalid residual\n', ' (FFmpeg: invalid residual)'],
    ['decode_frame() failed\n    Last message repeated 3 times\n', ' (FFmpeg: decode_frame() failed)'],
    ['    Last message repeated 3 times\n', ''],
    ['[mp3 @ 0x1] ', ''],
    ['', ''],
  ])('of %j is quoted as "%s"', (stderr, quote) => {
    expect(quoted(stderr)).toBe(quote)
  })

  test('is cut where it is long', () => {
    expect(quoted('x'.repeat(300))).toBe(` (FFmpeg: ${'x'.repeat(200)})`)
  })
})
