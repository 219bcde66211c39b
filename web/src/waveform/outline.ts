import type { WaveformView } from '../../../src/contract/waveform.ts'

/** Silence is a line, and not nothing. */
const THINNEST = 2

/**
 * The picture of a sound as the path of one shape, in the box `0 0 length 256`: along the highest samples and back along
 * the lowest. Loudness is as it is, so that a quiet file looks quiet.
 */
export function outlineOf({ data, length, bits }: Pick<WaveformView, 'data' | 'length' | 'bits'>): string {
  const scale = 128 / 2 ** (bits - 1)
  const at = (index: number) => {
    const [low, high] = [(data[2 * index] ?? 0) * scale, (data[2 * index + 1] ?? 0) * scale]
    const missing = Math.max(0, THINNEST - (high - low)) / 2
    return { top: round(128 - high - missing), bottom: round(128 - low + missing) }
  }
  const points = Array.from({ length }, (_, index) => ({ x: index + 0.5, ...at(index) }))
  const top = points.map(({ x, top: y }) => `L${x} ${y}`).join('')
  const bottom = points
    .toReversed()
    .map(({ x, bottom: y }) => `L${x} ${y}`)
    .join('')
  return `M0 128${top}L${length} 128${bottom}Z`
}

const round = (value: number) => Math.round(value * 10) / 10
