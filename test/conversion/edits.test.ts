import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { amplitudeAt, decibels, difference, frequencyOf, part, peak, rms } from '../support/hearing.ts'
import { integratedLufs } from '../support/loudness.ts'
import { Random } from '../support/random.ts'
import { Converter } from '../support/converter.ts'
import { tone } from '../support/take.ts'

let converter: Converter
beforeAll(async () => {
  converter = await Converter.open()
})
afterAll(() => converter[Symbol.asyncDispose]())

const RATE = 44_100
const WAV_24 = ['-c:a', 'pcm_s24le']

/** Noise whose loudness rises and falls: other sound at every moment. */
function waves(seed: number, loud = 0.5): (seconds: number) => number {
  const random = new Random(seed)
  return (seconds) => loud * (0.6 + 0.4 * Math.sin(5 * seconds)) * (2 * random.next() - 1)
}

describe.concurrent('trim', () => {
  test.each([
    ['trim.wav', [], 'wav'],
    ['trim.flac', [], 'flac'],
    ['trim.m4a', ['-c:a', 'aac'], 'wav'],
    ['trim.ogg', ['-c:a', 'libvorbis'], 'flac'],
  ])('%s: the samples between both times, and no others', async (name, flags, format) => {
    const take = { seconds: 3, voices: [waves(1, 0.3), waves(2, 0.3)], flags }
    const trim = { startMs: 500, endMs: 2000 }
    const { source, sound, job } = await converter.edit(name, take, { trim, bitDepth: 24 }, format)
    expect(sound.channels.length).toBe(2)
    for (const channel of [0, 1]) {
      const [wanted, has] = [part(source, 0.5, 2, channel), part(sound, 0, Infinity, channel)]
      expect(has.length).toBe(1.5 * RATE)
      expect(difference(has, wanted)).toBeLessThan(2 ** -22) // a lossy source has more bits, of which 24 are kept, with dither
    }
    expect(job.changes).toContainEqual({
      what: 'durationMs',
      from: expect.closeTo(3000, -2) as number,
      to: 1500,
    })
  })

  test('only a start, only an end, and a start that no sample begins at', async () => {
    const take = { seconds: 2, voices: [waves(3)] }
    const rest = await converter.edit('from.wav', take, { trim: { startMs: 1333 } })
    expect(rest.sound.channels[0]?.length).toBeCloseTo(0.667 * RATE, -0.5)
    expect(rest.sound.channels[0]?.at(-1)).toBe(rest.source.channels[0]?.at(-1))
    const begin = await converter.edit('to.wav', take, { trim: { endMs: 250 } })
    expect(difference(part(begin.sound), part(begin.source, 0, 0.25))).toBe(0)
  })

  test('an end after the end is the end; a part after it is refused', async () => {
    const take = { seconds: 1, voices: [waves(4)] }
    const whole = await converter.edit('whole.wav', take, { trim: { startMs: 100, endMs: 90_000 } })
    expect(difference(part(whole.sound), part(whole.source, 0.1))).toBe(0)
    expect(whole.job.warnings).toBeUndefined()
    const late = converter.edit('late.wav', take, { trim: { startMs: 2000 } })
    await expect(late).rejects.toThrow('must start before the end of the audio, at 1000 ms')
  })
})

test.concurrent(
  'fades are straight lines from silence and to it, and between them nothing changes',
  async () => {
    const take = { seconds: 4, voices: [tone(1000, 0.5)], flags: WAV_24 }
    const { source, sound } = await converter.edit('fades.wav', take, { fadeInMs: 1000, fadeOutMs: 2000 })
    const loudAt = (seconds: number) =>
      amplitudeAt(part(sound, seconds - 0.05, seconds + 0.05), 1000, sound.rateHz)
    for (const share of [0.1, 0.25, 0.5, 0.75, 0.9]) {
      expect(loudAt(share)).toBeCloseTo(0.5 * share, 3)
      expect(loudAt(4 - 2 * share)).toBeCloseTo(0.5 * share, 3)
    }
    expect(peak(part(sound, 0, 0.001))).toBeLessThan(0.001)
    expect(peak(part(sound, 3.999))).toBeLessThan(0.001)
    expect(difference(part(sound, 1.01, 1.99), part(source, 1.01, 1.99))).toBeLessThan(2 ** -22)
  },
)

test.concurrent(
  'a fade of 16 bits is computed in more, so that a deeper result has no steps of 16',
  async () => {
    const take = { seconds: 1, voices: [waves(6)] }
    const { source, sound } = await converter.edit('deeper.wav', take, { fadeInMs: 1000, bitDepth: 24 })
    const faded = part(source).map((sample, at) => (sample * at) / RATE)
    expect(difference(part(sound), faded)).toBeLessThan(2 ** -21)
  },
)

test.concurrent.each([0.5, 0.8, 1.5, 2])(
  'a tempo of %f changes the length and not the pitch',
  async (tempo) => {
    const take = { seconds: 6, voices: [tone(440, 0.5)] }
    const { sound, job } = await converter.edit(`tempo-${tempo}.wav`, take, { tempo })
    const seconds = (sound.channels[0]?.length ?? 0) / sound.rateHz
    expect(Math.abs(seconds - 6 / tempo)).toBeLessThan(0.05)
    expect(job.warnings).toBeUndefined()
    const middle = part(sound, 0.5, seconds - 0.5)
    expect(frequencyOf(middle, sound.rateHz)).toBeCloseTo(440, 0)
    expect(decibels((rms(middle) * Math.SQRT2) / 0.5)).toBeCloseTo(0, 0)
  },
)

test.concurrent('another rate keeps what it can hold, and folds nothing of the rest into it', async () => {
  const both = (seconds: number) => tone(1000, 0.4)(seconds) + tone(30_000, 0.4)(seconds)
  const take = { seconds: 2, voices: [both], rateHz: 96_000, flags: WAV_24 }
  const { sound, job } = await converter.edit('rate.wav', take, { sampleRateHz: RATE })
  expect(sound.rateHz).toBe(RATE)
  expect(sound.channels[0]?.length).toBe(2 * RATE)
  const middle = part(sound, 0.25, 1.75)
  expect(decibels(amplitudeAt(middle, 1000, RATE) / 0.4)).toBeCloseTo(0, 2)
  expect(decibels(amplitudeAt(middle, RATE - 30_000, RATE))).toBeLessThan(-120)
  expect(job.changes).toContainEqual({ what: 'sampleRateHz', from: 96_000, to: RATE })
})

describe.concurrent('a smaller depth', () => {
  const STEP = 2 ** -15

  test('is dithered: what is quieter than a step is heard, and the error is noise of half a step', async () => {
    const quiet = STEP / 3
    const take = { seconds: 4, voices: [tone(1000, quiet)], flags: WAV_24 }
    const { source, sound, job } = await converter.edit('quiet.wav', take, { bitDepth: 16 }, 'flac')
    const heard = sound.channels[0] ?? new Float64Array()
    expect(amplitudeAt(heard, 1000, RATE) / quiet).toBeCloseTo(1, 1)
    expect(amplitudeAt(heard, 3000, RATE) / quiet).toBeLessThan(0.05) // rounding alone makes a square wave
    const error = heard.map((sample, at) => sample - (source.channels[0]?.[at] ?? 9))
    expect(rms(error) / STEP).toBeCloseTo(0.5, 1)
    expect(heard.every((sample) => Number.isInteger(sample / STEP))).toBe(true)
    expect(job.changes).toContainEqual({ what: 'bitDepth', from: 24, to: 16 })
  })

  test('of 16 bits in a file of 24 is exact, and a greater one adds no noise', async () => {
    const take = { seconds: 1, voices: [waves(5)] }
    const { source, sound } = await converter.edit('wide.wav', take, { bitDepth: 24 })
    expect(difference(part(sound), part(source))).toBe(0)
  })
})

test.concurrent('all at once: each does what it does alone', async () => {
  const take = { seconds: 10, voices: [tone(440, 0.1), tone(440, 0.1)], rateHz: 48_000, flags: WAV_24 }
  const options = {
    ...{ trim: { startMs: 1000, endMs: 9000 }, tempo: 2, fadeInMs: 500, fadeOutMs: 500 },
    ...{ loudness: { integratedLufs: -20 }, sampleRateHz: 32_000, channels: 1, bitDepth: 16 },
  }
  const { sound, job } = await converter.edit('all.wav', take, options, 'flac')
  expect([sound.rateHz, sound.channels.length]).toEqual([32_000, 1])
  const seconds = part(sound).length / 32_000
  expect(Math.abs(seconds - 4)).toBeLessThan(0.05)
  expect(frequencyOf(part(sound, 1, 3), 32_000)).toBeCloseTo(440, 0)
  expect(peak(part(sound, 0, 0.005))).toBeLessThan(0.01)
  expect(peak(part(sound, seconds - 0.005))).toBeLessThan(0.01)
  expect(Math.abs((integratedLufs(sound) ?? 0) + 20)).toBeLessThan(0.15)
  const told = ['codec', 'sampleRateHz', 'channels', 'bitDepth', 'durationMs']
  expect(job.changes.map(({ what }) => what)).toEqual(told)
  expect(job.warnings).toBeUndefined()
})
