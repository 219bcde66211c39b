import { expect, test } from 'vitest'
import { MOST_POINTS, Peaks, zoomedOut } from './peaks.ts'

/** Samples as FFmpeg writes them. */
function bytesOf(samples: readonly number[]): Buffer {
  const bytes = Buffer.alloc(samples.length * 2)
  samples.forEach((sample, at) => bytes.writeInt16LE(sample, at * 2))
  return bytes
}

test('each point has the lowest and the highest sample of its stretch, in 8 bits', () => {
  const peaks = new Peaks()
  const first = Array.from({ length: 64 }, (_, at) => (at === 10 ? -32768 : at === 20 ? 32767 : 0))
  peaks.add(bytesOf([...first, 256, 512]))
  expect(peaks.toView(8000)).toEqual({
    ...{ version: 2, channels: 1, sample_rate: 8000, samples_per_pixel: 64, bits: 8, length: 2 },
    data: [-128, 127, 1, 2],
  })
})

test('chunks may end anywhere, also in the middle of a sample', () => {
  const samples = Array.from({ length: 1000 }, (_, at) => ((at * 7919) % 65536) - 32768)
  const bytes = bytesOf(samples)
  const whole = new Peaks()
  whole.add(bytes)
  const cut = new Peaks()
  for (let at = 0; at < bytes.length; at += 7) cut.add(bytes.subarray(at, at + 7))
  expect(cut.toView(8000)).toEqual(whole.toView(8000))
})

test('however long the sound is, the points stay few enough and cover all of it', () => {
  const peaks = new Peaks()
  const second = bytesOf(Array.from({ length: 44_100 }, (_, at) => (at % 2 === 0 ? -20_000 : 20_000)))
  for (let at = 0; at < 120; at++) peaks.add(second)
  const view = peaks.toView(44_100)
  expect(view.length).toBeLessThanOrEqual(MOST_POINTS)
  expect(view.length).toBeGreaterThan(MOST_POINTS / 2)
  expect(view.length).toBe(Math.ceil((120 * 44_100) / view.samples_per_pixel))
  expect(new Set(view.data)).toEqual(new Set([-79, 78]))
  expect(JSON.stringify(view).length).toBeLessThan(200_000)
})

test('a zoom keeps every peak and never has more points than asked for', () => {
  const data = [-1, 1, -5, 2, -2, 9, -3, 3, -128, 127]
  const wave = { version: 2, channels: 1, sample_rate: 8000, samples_per_pixel: 64, bits: 8, length: 5, data }
  expect(zoomedOut(wave, 5)).toBe(wave)
  expect(zoomedOut(wave, 3)).toMatchObject({
    samples_per_pixel: 128,
    length: 3,
    data: [-5, 2, -3, 9, -128, 127],
  })
  expect(zoomedOut(wave, 1)).toMatchObject({ samples_per_pixel: 320, length: 1, data: [-128, 127] })
})
