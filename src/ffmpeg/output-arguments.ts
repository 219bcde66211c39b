import type { JobOptions } from '../contract/index.ts'
import { bitsOf, COMPUTED_BITS, filterChain, measuredChain, type FilterParts } from './filters.ts'
import type { Format } from './format.ts'
import { encoderOf } from './formats.ts'
import { routeTo } from './layouts.ts'
import { METER } from './loudness.ts'
import type { Plan } from './plan.ts'
import type { Probed } from './probe.ts'
import type { Tools } from './tools.ts'

/** One conversion, ready to be put on FFmpeg's command line. Inputs are the sources, the metadata file, then a picture. */
export type Conversion = {
  format: Format
  options: JobOptions
  plan: Plan
  /** In the order in which they are joined; mostly one. */
  sources: readonly Probed[]
  /** A picture stream to take along: of which input, and its index there. */
  cover?: { input: number; stream: number } | undefined
  gainDb?: number
  /** Name of the output inside the working folder. */
  output: string
  /** Longest output in milliseconds, and largest in bytes: a source that lies about itself ends there. */
  limits: { durationMs: number; bytes: number }
}

/** Everything after the inputs: streams, tags, filters, encoder and muxer. No user text enters it. */
export function outputArguments(conversion: Conversion, tools: Pick<Tools, 'encoders' | 'soxr'>): string[] {
  const { format, cover, output, limits, sources } = conversion
  const metadata = `${sources.length}`
  return [
    ...audio(conversion, tools),
    ...(cover
      ? ['-map', `${cover.input}:${cover.stream}`, '-c:v', 'copy', '-disposition:v', 'attached_pic']
      : ['-vn']),
    ...['-sn', '-dn', '-map_metadata', metadata],
    ...['-map_chapters', format.chapters === 'muxer' ? metadata : '-1'],
    ...['-t', `${limits.durationMs / 1000}`, '-fs', `${limits.bytes}`],
    ...['-f', format.muxer, ...format.muxerFlags, '-y', `file:${output}`],
  ]
}

function audio(conversion: Conversion, tools: Pick<Tools, 'encoders' | 'soxr'>): string[] {
  const { format, options, plan } = conversion
  if (plan.copy) return ['-map', '0:a:0', '-c:a', 'copy', ...(plan.through ? delayed(conversion) : [])]
  const encoder = encoderOf(format, tools.encoders) ?? format.id
  return [...heard(conversion, tools), '-c:a', encoder, ...format.encode(options, plan.target)]
}

/** A bare stream has no place for its delay: times before 0 tell the muxer of it. */
function delayed({ sources: [source] }: Conversion): string[] {
  if (!source?.delaySamples) return []
  return ['-bsf:a', `setts=ts=TS-${source.delaySamples / source.sampleRateHz}/TB`]
}

/** One source goes through a plain chain, several are brought to one form first and then joined. */
function heard(conversion: Conversion, { soxr }: Pick<Tools, 'soxr'>): string[] {
  const { sources } = conversion
  const parts = filterParts(conversion, soxr)
  const filters = filterChain(parts)
  if (sources.length === 1) return ['-map', '0:a:0', ...(filters ? ['-af', filters] : [])]
  const graph = `${joined(conversion, soxr)};[joined]${filters || 'anull'}[out]`
  return ['-filter_complex', graph, '-map', '[out]']
}

/** The same sound, up to where its gain comes in, through the meter. */
export function measuringArguments(conversion: Conversion, soxr: boolean): string[] {
  const chain = [measuredChain(filterParts(conversion, soxr)), METER].filter(Boolean).join(',')
  if (conversion.sources.length === 1) return ['-map', '0:a:0', '-af', chain]
  return ['-filter_complex', `${joined(conversion, soxr)};[joined]${chain}[out]`, '-map', '[out]']
}

function filterParts(conversion: Conversion, soxr: boolean): FilterParts {
  const { format, options, plan, sources, gainDb = 0 } = conversion
  const [only] = sources
  const source = sources.length === 1 && only ? only : asJoined(conversion)
  return { format, options, plan, source, gainDb, soxr }
}

/** Joined sources have the target's form already; what was computed for it has more bits than any source. */
function asJoined({ format, options, plan: { target }, sources }: Conversion): FilterParts['source'] {
  const isComputed =
    (options.crossfadeMs ?? 0) > 0 ||
    sources.some(
      (source) =>
        source.sampleRateHz !== target.sampleRateHz || routeTo(target, source, format.lossless).mixes,
    )
  const bitDepth = isComputed ? COMPUTED_BITS : Math.max(...sources.map(bitsOf))
  return { ...target, bitDepth, float: true }
}

/** The graph that ends in `[joined]`: every source in the target's rate and layout, one after the other. */
export function joined(
  { format, options, plan, sources }: Pick<Conversion, 'format' | 'options' | 'plan' | 'sources'>,
  soxr: boolean,
): string {
  const { crossfadeMs = 0 } = options
  const wide = { ...plan, target: { ...plan.target, bitDepth: COMPUTED_BITS, float: true } }
  const each = sources.map((source, index) => {
    const chain = filterChain({ format, options: {}, plan: wide, source, soxr })
    return `[${index}:a:0]aformat=sample_fmts=dbl${chain && `,${chain}`}[a${index}]`
  })
  const inputs = sources.map((_, index) => `[a${index}]`)
  if (crossfadeMs === 0) return [...each, concat(inputs, '[joined]')].join(';')
  const { labels, chains } = wholes(sources, inputs)
  const fades = labels.slice(1).map((label, index) => {
    const before = index === 0 ? (labels[0] ?? '') : `[x${index}]`
    const after = index === labels.length - 2 ? '[joined]' : `[x${index + 1}]`
    return `${before}${label}acrossfade=d=${crossfadeMs / 1000}${after}`
  })
  return [...each, ...chains, ...fades].join(';')
}

const concat = (labels: readonly string[], output: string) =>
  `${labels.join('')}concat=n=${labels.length}:v=0:a=1${output}`

/** One label for each source: links of a chain become one, and nothing fades between them. */
function wholes(sources: readonly Probed[], inputs: readonly string[]) {
  const groups: string[][] = []
  for (const [index, input] of inputs.entries())
    if (sources[index]?.goesOn) groups.at(-1)?.push(input)
    else groups.push([input])
  const chains: string[] = []
  const labels = groups.map((group, index) => {
    const [only = ''] = group
    if (group.length === 1) return only
    chains.push(concat(group, `[w${index}]`))
    return `[w${index}]`
  })
  return { labels, chains }
}
