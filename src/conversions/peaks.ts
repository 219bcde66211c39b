import type { WaveformView } from '../contract/index.ts'

/** Most points of a waveform: two numbers of up to four characters each keep its JSON below 200 kB. */
export const MOST_POINTS = 20_000
/** Samples behind a point at first; doubled whenever there are too many points, since nobody knows how many will come. */
const FEWEST_SAMPLES = 64

/** The lowest and highest sample of each stretch of sound, from 16-bit mono samples as they come. */
export class Peaks {
  #samplesPerPoint = FEWEST_SAMPLES
  #lows: number[] = []
  #highs: number[] = []
  #low = Infinity
  #high = -Infinity
  #seen = 0
  /** A sample can be cut in two between chunks. */
  #half = Buffer.alloc(0)

  /** Takes little-endian samples. */
  add(chunk: Buffer): void {
    const bytes = this.#half.length === 0 ? chunk : Buffer.concat([this.#half, chunk])
    const end = bytes.length - (bytes.length % 2)
    for (let at = 0; at < end; at += 2) {
      const sample = bytes.readInt16LE(at)
      if (sample < this.#low) this.#low = sample
      if (sample > this.#high) this.#high = sample
      if (++this.#seen === this.#samplesPerPoint) this.#close()
    }
    this.#half = Buffer.from(bytes.subarray(end))
  }

  /** As the JSON of BBC audiowaveform has it, version 2, 8 bits. */
  toView(sampleRateHz: number): WaveformView {
    const { lows, highs } = this.#all()
    return {
      ...{ version: 2, channels: 1, sample_rate: sampleRateHz, samples_per_pixel: this.#samplesPerPoint },
      ...{ bits: 8, length: lows.length },
      data: lows.flatMap((low, at) => [low >> 8, (highs[at] ?? 0) >> 8]),
    }
  }

  /** With the stretch that the end cut short. */
  #all() {
    const [lows, highs] = [[...this.#lows], [...this.#highs]]
    if (this.#seen > 0) {
      lows.push(this.#low)
      highs.push(this.#high)
    }
    return { lows, highs }
  }

  #close(): void {
    this.#lows.push(this.#low)
    this.#highs.push(this.#high)
    this.#low = Infinity
    this.#high = -Infinity
    this.#seen = 0
    if (this.#lows.length < MOST_POINTS) return
    this.#lows = merged(this.#lows, 2, Math.min)
    this.#highs = merged(this.#highs, 2, Math.max)
    this.#samplesPerPoint *= 2
  }
}

/** The same waveform with fewer points, at most as many as are asked for: another zoom level. */
export function zoomedOut(wave: WaveformView, points: number): WaveformView {
  const factor = Math.ceil(wave.length / points)
  if (factor <= 1) return wave
  const side = (offset: number) => wave.data.filter((_, at) => at % 2 === offset)
  const lows = merged(side(0), factor, Math.min)
  const highs = merged(side(1), factor, Math.max)
  return {
    ...wave,
    samples_per_pixel: wave.samples_per_pixel * factor,
    length: lows.length,
    data: lows.flatMap((low, at) => [low, highs[at] ?? 0]),
  }
}

function merged(values: readonly number[], factor: number, pick: (...of: number[]) => number): number[] {
  return Array.from({ length: Math.ceil(values.length / factor) }, (_, at) =>
    pick(...values.slice(at * factor, (at + 1) * factor)),
  )
}
