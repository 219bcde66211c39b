import type { Decoded } from './sound.ts'

/** The samples of one channel, or of a part of it, from one second to another. */
export function part({ channels, rateHz }: Decoded, from = 0, to = Infinity, channel = 0): Float64Array {
  const samples = channels[channel] ?? new Float64Array()
  return samples.subarray(Math.round(from * rateHz), Math.min(Math.round(to * rateHz), samples.length))
}

export const rms = (samples: Float64Array): number =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)

export const peak = (samples: Float64Array): number =>
  samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0)

/** By how much two sounds differ at most; infinite when one is longer. */
export function difference(one: Float64Array, other: Float64Array): number {
  return one.length === other.length ? peak(one.map((sample, at) => sample - (other[at] ?? 0))) : Infinity
}

export const decibels = (ratio: number): number => 20 * Math.log10(ratio)

/** The amplitude of one frequency, 1 is full scale; a window keeps tones out that are far enough away. */
export function amplitudeAt(samples: Float64Array, hertz: number, rateHz: number): number {
  let [real, imaginary, weights] = [0, 0, 0]
  for (const [at, sample] of samples.entries()) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / samples.length)
    const angle = (2 * Math.PI * hertz * at) / rateHz
    real += window * sample * Math.cos(angle)
    imaginary += window * sample * Math.sin(angle)
    weights += window
  }
  return (2 * Math.hypot(real, imaginary)) / weights
}

/** The frequency of a plain tone, by how often it rises through zero. */
export function frequencyOf(samples: Float64Array, rateHz: number): number {
  const rises: number[] = []
  for (let at = 1; at < samples.length; at++) {
    const [before = 0, now = 0] = [samples[at - 1], samples[at]]
    if (before < 0 && now >= 0) rises.push(at - now / (now - before))
  }
  const [first = 0, last = 0] = [rises[0], rises.at(-1)]
  return ((rises.length - 1) * rateHz) / (last - first)
}
