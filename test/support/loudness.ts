import { decibels, peak } from './hearing.ts'
import type { Decoded } from './sound.ts'

/** Coefficients of a filter of second order: y = b0 x + b1 x' + b2 x'' - a1 y' - a2 y''. */
type Biquad = { b: [number, number, number]; a: [number, number] }

/**
 * The two filters of ITU-R BS.1770-4, annex 1, tables 1 and 2. The tables are for 48 kHz; these are the analogue filters
 * behind them, which give those numbers there and the same curve at other rates.
 */
function kWeighting(rateHz: number): [Biquad, Biquad] {
  return [shelf(rateHz, 1681.974450955533, 3.999843853973347, 0.7071752369554196), highpass(rateHz)]
}

function shelf(rateHz: number, hertz: number, gainDb: number, q: number): Biquad {
  const k = Math.tan((Math.PI * hertz) / rateHz)
  const high = 10 ** (gainDb / 20)
  const band = high ** 0.4996667741545416
  const a0 = 1 + k / q + k * k
  return {
    b: [
      (high + (band * k) / q + k * k) / a0,
      (2 * (k * k - high)) / a0,
      (high - (band * k) / q + k * k) / a0,
    ],
    a: [(2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0],
  }
}

function highpass(rateHz: number): Biquad {
  const [hertz, q] = [38.13547087602444, 0.5003270373238773]
  const k = Math.tan((Math.PI * hertz) / rateHz)
  const a0 = 1 + k / q + k * k
  return { b: [1, -2, 1], a: [(2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0] }
}

function filtered(samples: Float64Array, { b: [b0, b1, b2], a: [a1, a2] }: Biquad): Float64Array {
  let [x1, x2, y1, y2] = [0, 0, 0, 0]
  return samples.map((x) => {
    const y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
    ;[x2, x1, y2, y1] = [x1, x, y1, y]
    return y
  })
}

const BLOCK_SECONDS = 0.4
const STEP_SECONDS = 0.1
const ABSOLUTE_GATE_LUFS = -70
const RELATIVE_GATE_LU = -10

const loudnessOf = (power: number) => -0.691 + 10 * Math.log10(power)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Integrated loudness of mono or stereo sound (ITU-R BS.1770-4); null when every block is below the absolute gate. */
export function integratedLufs({ rateHz, channels }: Decoded): number | null {
  const [first, second] = kWeighting(rateHz)
  const weighted = channels.map((samples) => filtered(filtered(samples, first), second))
  const powers = blockPowers(weighted, rateHz).filter((power) => loudnessOf(power) > ABSOLUTE_GATE_LUFS)
  if (powers.length === 0) return null
  const gate = loudnessOf(mean(powers)) + RELATIVE_GATE_LU
  return loudnessOf(mean(powers.filter((power) => loudnessOf(power) > gate)))
}

/** Mean squares of blocks of 400 ms that overlap by three quarters, summed over the channels. */
function blockPowers(channels: readonly Float64Array[], rateHz: number): number[] {
  const [block, step] = [BLOCK_SECONDS, STEP_SECONDS].map((seconds) => Math.round(seconds * rateHz))
  if (!block || !step) throw new Error('A rate is missing.')
  const length = channels[0]?.length ?? 0
  const count = Math.max(0, Math.floor((length - block) / step) + 1)
  return Array.from({ length: count }, (_, index) => {
    const from = index * step
    const squares = (samples: Float64Array) =>
      samples.subarray(from, from + block).reduce((sum, sample) => sum + sample * sample, 0) / block
    return channels.reduce((sum, samples) => sum + squares(samples), 0)
  })
}

/** How many times finer than the samples the wave between them is looked at: ITU-R BS.1770-4, annex 2, asks for 4. */
const OVERSAMPLING = 4
const TAPS = 24

/** The highest true peak in dBTP: the wave between the samples, by windowed sinc interpolation. */
export function truePeakDb({ channels }: Decoded): number {
  const between = Array.from({ length: OVERSAMPLING - 1 }, (_, index) => kernelOf((index + 1) / OVERSAMPLING))
  const peaks = channels.flatMap((samples) => {
    const padded = new Float64Array(samples.length + 2 * TAPS)
    padded.set(samples, TAPS - 1)
    return [peak(samples), ...between.map((taps) => peakOf(padded, taps))]
  })
  return decibels(Math.max(...peaks))
}

/** The highest value of samples that a kernel has passed over. */
function peakOf(samples: Float64Array, taps: Float64Array): number {
  let highest = 0
  for (let at = 0; at + taps.length <= samples.length; at++) {
    let sum = 0
    for (let tap = 0; tap < taps.length; tap++) sum += (taps[tap] ?? 0) * (samples[at + tap] ?? 0)
    highest = Math.max(highest, Math.abs(sum))
  }
  return highest
}

const kernelOf = (phase: number) =>
  Float64Array.from({ length: 2 * TAPS }, (_, tap) => kernelAt(tap - TAPS + 1 - phase))

function kernelAt(x: number): number {
  if (x === 0) return 1
  const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / (TAPS + 1))
  return (Math.sin(Math.PI * x) / (Math.PI * x)) * window
}
