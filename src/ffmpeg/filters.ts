import type { JobOptions } from '../contract/index.ts'
import type { Format, Target } from './format.ts'
import { routeTo, type Route } from './layouts.ts'
import type { Plan } from './plan.ts'
import type { Probed } from './probe.ts'

/** One chain of filters over one source; numbers are ours, and no text of anybody enters it. */
export type FilterParts = {
  format: Format
  options: JobOptions
  source: Pick<Probed, 'sampleRateHz' | 'channels' | 'layout' | 'bitDepth' | 'float' | 'chained'>
  plan: Plan
  /** Decibels by which everything is made louder, once that was measured. */
  gainDb?: number
  /** Whether FFmpeg has the soxr resampler; plain swr is used where not. */
  soxr: boolean
}

/** Each sample where the one before it ends, whatever times the file tells. */
export const TIMES_BY_SAMPLES = 'asetpts=N/SR/TB'

/** Everything that changes samples, in order; empty when nothing has to. */
export function filterChain(parts: FilterParts): string {
  const { options, plan, gainDb = 0 } = parts
  const edits = [
    ...editsBeforeGain(options),
    ...(gainDb === 0 ? [] : [`volume=${gainDb}dB:precision=double`]),
  ]
  const shaping = [...edits, ...fades(options, plan.expectedMs)]
  const route = routeOf(parts)
  const computes =
    route.mixes || shaping.some((filter) => !filter.startsWith('atrim') && !filter.startsWith('asetpts'))
  const wide = computes ? ['aformat=sample_fmts=dbl'] : []
  return [...times(parts), ...wide, ...shaping, ...route.filters, resample(parts, computes)]
    .filter(Boolean)
    .join(',')
}

/** What is heard when loudness is measured: the part, the speed and the fades of the result. */
export function measuredChain(parts: FilterParts): string {
  const { options, plan } = parts
  const heard = [...editsBeforeGain(options), ...fades(options, plan.expectedMs), ...routeOf(parts).filters]
  return [...times(parts), 'aformat=sample_fmts=dbl', ...heard].join(',')
}

/** Times of a chain begin anew with each link, and what FFmpeg makes of them is a sample or two off. */
const times = ({ source: { chained } }: FilterParts): string[] => (chained ? [TIMES_BY_SAMPLES] : [])

function routeOf({ format, source, plan: { target } }: FilterParts): Route {
  return routeTo(target, source, format.lossless)
}

function editsBeforeGain({ trim, tempo = 1 }: JobOptions): string[] {
  const edits: string[] = []
  if (trim) {
    const end = trim.endMs === undefined ? '' : `:end=${trim.endMs / 1000}`
    edits.push(`atrim=start=${(trim.startMs ?? 0) / 1000}${end}`, 'asetpts=PTS-STARTPTS')
  }
  if (tempo !== 1) edits.push(`atempo=${tempo}`)
  return edits
}

/** A fade out is counted from the end; without a known end there is none to count from. */
function fades({ fadeInMs = 0, fadeOutMs = 0 }: JobOptions, expectedMs: number | null): string[] {
  const startMs = Math.max(0, (expectedMs ?? 0) - fadeOutMs)
  return [
    ...(fadeInMs > 0 ? [`afade=t=in:d=${fadeInMs / 1000}`] : []),
    ...(fadeOutMs > 0 && expectedMs !== null
      ? [`afade=t=out:st=${startMs / 1000}:d=${(expectedMs - startMs) / 1000}`]
      : []),
  ]
}

/** soxr at 28 bits, with triangular dither where samples have to be rounded to fewer bits. */
function resample({ source, plan: { target }, soxr }: FilterParts, isComputed: boolean): string {
  const isOther = target.sampleRateHz !== source.sampleRateHz
  const dither = ditherTo(target, source, isComputed || isOther)
  if (!isOther && dither === '') return ''
  return `aresample=${target.sampleRateHz}${soxr ? ':resampler=soxr:precision=28' : ''}${dither}`
}

/** Computed samples are doubles, which have more bits than any integer format. */
export const COMPUTED_BITS = 64
/** Lossy sources have no depth: what their decoders compute are floats. */
export const bitsOf = ({ bitDepth }: Pick<Probed, 'bitDepth'>): number => bitDepth ?? 32

function ditherTo({ bitDepth, float }: Target, source: FilterParts['source'], isComputed: boolean): string {
  if (bitDepth === undefined || float) return ''
  const has = isComputed ? COMPUTED_BITS : bitsOf(source)
  if (has <= bitDepth) return ''
  if (bitDepth === 16) return ':osf=s16:dither_method=triangular'
  return bitDepth === 24 ? ':osf=s32:output_sample_bits=24:dither_method=triangular' : ''
}
