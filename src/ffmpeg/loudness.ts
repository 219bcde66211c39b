import type { Measured } from '../contract/index.ts'

/** What FFmpeg's meter (EBU R 128, true peaks by ITU-R BS.1770) says of everything that passes it. */
export const METER = 'ebur128=peak=true:framelog=verbose'

/** Below this the meter has nothing but silence (EBU R 128: the absolute gate). */
const SILENCE_LUFS = -70

/** Reads the summary that the meter writes at its end; undefined when there is none. */
export function parseMeter(stderr: string): Measured | undefined {
  const summary = stderr.slice(stderr.lastIndexOf('Summary:'))
  const value = (name: string) => {
    const text = new RegExp(`^\\s*${name}:\\s+(\\S+)`, 'm').exec(summary)?.[1]
    return text === undefined ? undefined : Number(text.replace('inf', 'Infinity'))
  }
  const [integrated, range, peak] = ['I', 'LRA', 'Peak'].map(value)
  if (integrated === undefined || Number.isNaN(integrated)) return undefined
  return {
    integratedLufs: integrated > SILENCE_LUFS ? integrated : null,
    rangeLu: range ?? 0,
    truePeakDb: peak !== undefined && Number.isFinite(peak) ? peak : null,
  }
}

/** Decibels that bring what was measured to the target, as far as the highest peak allows; silence stays silence. */
export function gainFor(
  { integratedLufs, truePeakDb }: Measured,
  target: { integratedLufs?: number | undefined; truePeakDb?: number | undefined },
): number {
  if (integratedLufs === null) return 0
  const { integratedLufs: lufs = -16, truePeakDb: peak = -1 } = target
  const gain = Math.min(lufs - integratedLufs, truePeakDb === null ? Infinity : peak - truePeakDb)
  return Math.round(gain * 100) / 100
}
