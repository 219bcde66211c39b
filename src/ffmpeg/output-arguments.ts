import type { Format, Options } from './formats.ts'
import type { Probed } from './probe.ts'

/** One conversion, ready to be put on FFmpeg's command line. */
export type Conversion = {
  format: Format
  options: Options
  source: Probed
  /** Name of the output inside the working folder. */
  output: string
  /** Longest output in milliseconds, and largest in bytes: a source that lies about itself ends there. */
  limits: { durationMs: number; bytes: number }
  soxr: boolean
}

/** Everything after the input: streams, tags, filters, encoder and muxer. No user text enters it. */
export function outputArguments({ format, options, source, output, limits, soxr }: Conversion): string[] {
  const filters = filterChain(format, options, source, soxr)
  return [
    ...['-map', '0:a:0', '-vn', '-sn', '-dn'],
    ...['-map_metadata', TAGS_IN_STREAM.has(source.container) ? '0:s:a:0' : '0'],
    ...(filters ? ['-af', filters] : []),
    ...['-c:a', format.encoder, ...format.encode(options, source)],
    ...['-t', `${limits.durationMs / 1000}`, '-fs', `${limits.bytes}`],
    ...['-f', format.muxer, '-y', `file:${output}`],
  ]
}

/** Ogg files, Opus included, keep their tags in the stream; taken from the file they would all be lost. */
const TAGS_IN_STREAM = new Set(['ogg'])

/** One chain for everything that changes samples; empty when nothing has to. */
function filterChain(format: Format, options: Options, source: Probed, soxr: boolean): string {
  const count = targetChannels(format, options, source)
  const layouts =
    count !== source.channels || (count > 2 && format.id === 'opus')
      ? `aformat=channel_layouts=${LAYOUTS[count] ?? ''}`
      : ''
  return [layouts, resample(format, options, source, soxr)].filter(Boolean).join(',')
}

/** Names FFmpeg gives the usual layout of each channel count. */
const LAYOUTS: Record<number, string> = {
  1: 'mono',
  2: 'stereo',
  3: '3.0',
  4: 'quad',
  5: '5.0',
  6: '5.1',
  7: '6.1',
  8: '7.1',
}

const targetChannels = (format: Format, options: Options, source: Probed) =>
  options['channels'] ?? Math.min(source.channels, format.maxChannels)

/** soxr at 28 bits, with triangular dither where samples are rounded to 16 bits. */
function resample(format: Format, options: Options, source: Probed, soxr: boolean): string {
  const rate = targetRate(format, options, source)
  const resampled = rate !== source.sampleRateHz
  const fits16 = source.bitDepth !== undefined && source.bitDepth <= 16
  const dithers = storesSixteenBits(format, options, source) && (resampled || !fits16)
  if (!resampled && !dithers) return ''
  const quality = soxr ? ':resampler=soxr:precision=28' : ''
  return `aresample=${rate}${quality}${dithers ? ':osf=s16:dither_method=triangular' : ''}`
}

const storesSixteenBits = (format: Format, options: Options, source: Probed) =>
  format.encode(options, source).some((arg) => arg === 's16' || arg === 'pcm_s16le')

/** The source's rate where the codec takes it, else the next higher one it takes, else its highest. */
function targetRate(format: Format, options: Options, { sampleRateHz }: Probed): number {
  const wished = Math.min(options['sampleRateHz'] ?? sampleRateHz, format.highestRateHz)
  return format.sampleRatesHz?.find((rate) => rate >= wished) ?? wished
}
