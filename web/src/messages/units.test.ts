import { expect, test, vi } from 'vitest'
import type { Media } from '../../../src/contract/media.ts'
import { decibels, duration, mediaSummary, percentage, size, timeSpan, times } from './units.ts'

const media: Media = {
  ...{ container: 'wav', codec: 'pcm_s16le', durationMs: 20_000, sampleRateHz: 44_100, channels: 2 },
  ...{ bitDepth: 16, tags: {}, artwork: false, chapters: 0 },
}

test.each([
  [{}, 'WAV, PCM · 0:20 · 44.1 kHz · 16 bit · stereo'],
  [{ container: 'flac', codec: 'flac', channels: 6 }, 'FLAC · 0:20 · 44.1 kHz · 16 bit · 6 channels'],
  [{ container: 'mov', codec: 'alac', durationMs: null }, 'M4A, ALAC · 44.1 kHz · 16 bit · stereo'],
  [{ container: 'ogg', codec: 'opus', channels: 1 }, 'Ogg, Opus · 0:20 · 44.1 kHz · 16 bit · mono'],
  [{ container: 'wv', codec: 'wavpack' }, 'WavPack · 0:20 · 44.1 kHz · 16 bit · stereo'],
])('what is in a file is said shortly: %o', (patch, words) =>
  expect(mediaSummary({ ...media, ...patch })).toBe(words),
)

test('a hundred percent is said only when it is true', () => {
  expect([percentage(99.99), percentage(100)]).toEqual(['99%', '100%'])
})

test('time, size and speed are as exact as they are useful', () => {
  expect([duration(3_723_000), timeSpan(5_400_000), timeSpan(86_399_000), timeSpan(20_000)]).toEqual([
    ...['1:02:03', '1.5 hours', '23 hours', '1 minute'],
  ])
  expect([size(1), size(1500), size(21_474_836_480)]).toEqual(['1 byte', '1.5 kB', '21 GB'])
  expect([times(34.4), times(0.84), decibels(-14.24, 'LUFS')]).toEqual(['34', '0.8', '-14.2 LUFS'])
})

test('a number format is made once, however often it is used', () => {
  const speak = () => [size(1500), timeSpan(20_000), times(34.4), decibels(-14.24, 'LUFS'), percentage(50)]
  speak()
  using made = vi.spyOn(Intl, 'NumberFormat')
  speak()
  expect(made).not.toHaveBeenCalled()
})
