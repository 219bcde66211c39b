import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Measured } from '../../src/contract/index.ts'
import { Converter } from '../support/converter.ts'
import { difference, part, peak } from '../support/hearing.ts'
import { integratedLufs, truePeakDb } from '../support/loudness.ts'
import type { Decoded } from '../support/sound.ts'
import { tone } from '../support/take.ts'

let converter: Converter
beforeAll(async () => {
  converter = await Converter.open()
})
afterAll(() => converter[Symbol.asyncDispose]())

const WAV_24 = ['-c:a', 'pcm_s24le']

/** Louder and quieter parts, a pause that the gate leaves out, and no sharp peaks. */
const spoken = (loud: number) => (seconds: number) =>
  seconds > 4 && seconds < 5.5 ? 0 : tone(300, loud * (seconds < 3 ? 1 : 0.5))(seconds)

function expectMeasured(measured: Measured | undefined, sound: Decoded): void {
  expect(Math.abs((measured?.integratedLufs ?? 99) - (integratedLufs(sound) ?? 0))).toBeLessThan(0.15)
  expect(Math.abs((measured?.truePeakDb ?? 99) - truePeakDb(sound))).toBeLessThan(0.25)
}

test.concurrent(
  'the meter that tests it has what ITU-R BS.1770-4 says of a sine: -3.01 LKFS at full scale',
  () => {
    const sine = Float64Array.from({ length: 3 * 48_000 }, (_, at) => tone(997, 1)(at / 48_000))
    expect(integratedLufs({ rateHz: 48_000, channels: [sine] })).toBeCloseTo(-3.01, 1)
    expect(truePeakDb({ rateHz: 48_000, channels: [sine] })).toBeCloseTo(0, 1)
  },
)

test.concurrent.each([
  ['quiet.wav', 0.02, -16],
  ['loud.wav', 0.9, -23],
])('%s is brought to the target by one gain, and both measurements are true', async (name, loud, target) => {
  const take = { seconds: 8, voices: [spoken(loud), spoken(loud)], flags: WAV_24 }
  const loudness = { integratedLufs: target }
  const { source, sound, job } = await converter.edit(name, take, { loudness })
  const { before, after, gainDb } = job.result?.loudness ?? { gainDb: 99 }
  expectMeasured(before, source)
  expectMeasured(after, sound)
  expect(Math.abs((integratedLufs(sound) ?? 0) - target)).toBeLessThan(0.15)
  const factor = 10 ** (gainDb / 20)
  const louder = part(source).map((sample) => factor * sample)
  expect(difference(part(sound), louder)).toBeLessThan(2 ** -21)
})

test.concurrent('peaks hold it back: not louder than they may be, and nothing is clipped', async () => {
  const clicks = (seconds: number) => (seconds % 1 < 0.002 ? 0.8 : 0.01) * tone(1000, 1)(seconds)
  const take = { seconds: 5, voices: [clicks], flags: WAV_24 }
  const loudness = { integratedLufs: -12, truePeakDb: -2 }
  const { sound, job } = await converter.edit('clicks.wav', take, { loudness })
  expect(truePeakDb(sound)).toBeCloseTo(-2, 0)
  expect(integratedLufs(sound)).toBeLessThan(-20)
  expectMeasured(job.result?.loudness?.after, sound)
})

test.concurrent('silence stays silence', async () => {
  const take = { seconds: 2, voices: [() => 0] }
  const { sound, job } = await converter.edit('silence.wav', take, { loudness: {} })
  expect(peak(part(sound))).toBe(0)
  expect(job.result?.loudness).toMatchObject({ gainDb: 0, after: { integratedLufs: null } })
})

test.concurrent('a lossy result is as loud, as it is heard', async () => {
  const take = { seconds: 8, voices: [spoken(0.05), spoken(0.05)] }
  const { sound, job } = await converter.edit('lossy.wav', take, { loudness: { integratedLufs: -18 } }, 'mp3')
  expect(Math.abs((integratedLufs(sound) ?? 0) + 18)).toBeLessThan(0.3)
  expectMeasured(job.result?.loudness?.after, sound)
})
