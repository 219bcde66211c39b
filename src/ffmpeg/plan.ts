import type { JobOptions, Media } from '../contract/index.ts'
import type { Copied, Format, Target } from './format.ts'
import { layoutNamed, targetLayout } from './layouts.ts'
import { movedChapters, tagsFor, wantedTags, type Chapter } from './tags.ts'

/** What is known of a source before it is converted: enough to tell what will become of it. */
export type PlannedSource = Omit<Media, 'chapters'> & { chapters: number | readonly Chapter[] }

/** How a source becomes a result. */
export type Plan = {
  /** The audio is taken as it is; only its container is new. */
  copy: boolean
  /** Muxer of the bare stream that a copy is made of ({@link Copied}). */
  through?: string
  target: Target
  /** Milliseconds the result will last; null where nobody knows how long the source is. */
  expectedMs: number | null
}

/** Options that make other audio than there was. */
const AUDIO_OPTIONS = [
  ...['bitrateKbps', 'quality', 'sampleRateHz', 'channels', 'bitDepth', 'compressionLevel', 'application'],
  ...['trim', 'fadeInMs', 'fadeOutMs', 'tempo', 'loudness', 'crossfadeMs'],
] as const

/** Decides what is copied, what is encoded and how. Pure: the API tells by it what will change, and workers obey it. */
export function planConversion(
  format: Format,
  options: JobOptions,
  source: PlannedSource,
  { mayCopy = true } = {},
): Plan {
  const expectedMs = expectedDuration(options, source.durationMs)
  const copied = mayCopy ? copiedAs(format, options, source) : undefined
  if (copied) {
    const { through } = copied
    const { codec, sampleRateHz, channels, layout, bitDepth, float } = source
    const depth = { ...(bitDepth && { bitDepth }), ...(float && { float }) }
    return {
      copy: true,
      ...(through !== undefined && { through }),
      target: { codec, sampleRateHz, channels, ...layoutNamed(layout), ...depth },
      expectedMs,
    }
  }
  const depth = targetDepth(format, options, source)
  const target = {
    codec: format.codecName(depth),
    sampleRateHz: targetRate(format, options, source),
    ...targetLayout(format, source, options.channels),
    ...depth,
  }
  return { copy: false, target, expectedMs }
}

/** What a planned result will be, to be told before there is one. */
export function foretell(format: Format, options: JobOptions, source: PlannedSource): Media {
  const { target, expectedMs } = planConversion(format, options, source)
  const { chapters } = source
  const left = typeof chapters === 'number' ? chapters : movedChapters(chapters, options).length
  return {
    ...target,
    container: format.muxer,
    durationMs: expectedMs,
    tags: tagsFor(format, wantedTags(source.tags, options)),
    artwork: format.cover !== 'none' && hasCover(options, source),
    chapters: format.chapters === 'none' ? 0 : left,
  }
}

function hasCover({ artwork = 'keep' }: JobOptions, source: PlannedSource): boolean {
  return artwork === 'uploaded' || (artwork === 'keep' && source.artwork)
}

function copiedAs(
  { copied }: Format,
  options: JobOptions,
  { codec, container }: PlannedSource,
): Copied | undefined {
  if (AUDIO_OPTIONS.some((name) => options[name] !== undefined)) return undefined
  return copied.find(
    (one) => one.codec.test(codec) && (one.from === 'anywhere' || one.from.includes(container)),
  )
}

/** The part of the source that is taken, at its new speed. */
export function expectedDuration({ trim, tempo = 1 }: JobOptions, durationMs: number | null): number | null {
  const end = Math.min(trim?.endMs ?? Number.POSITIVE_INFINITY, durationMs ?? Number.POSITIVE_INFINITY)
  if (!Number.isFinite(end)) return null
  return Math.max(0, Math.round((end - (trim?.startMs ?? 0)) / tempo))
}

/** The source's rate where the codec takes it, else the next higher one it takes, else its highest. */
function targetRate(format: Format, options: JobOptions, { sampleRateHz }: PlannedSource): number {
  const wished = Math.min(options.sampleRateHz ?? sampleRateHz, format.highestRateHz)
  return format.sampleRatesHz?.find((rate) => rate >= wished) ?? wished
}

const LOSSY_SOURCE_BITS = 16

/** The source's depth where the format has it, else the next higher one, else its highest: never raised without need. */
function targetDepth(
  { depths }: Format,
  { bitDepth }: JobOptions,
  source: PlannedSource,
): Pick<Target, 'bitDepth' | 'float'> {
  if (!depths) return {}
  const has = source.bitDepth ?? LOSSY_SOURCE_BITS
  const bits = bitDepth ?? depths.find((depth) => depth >= has) ?? depths.at(-1)
  if (bits === undefined) return {}
  const isFloat = bits === 32 && (source.float ?? source.bitDepth !== 32)
  return { bitDepth: bits, ...(isFloat && { float: true }) }
}
