import { LOSSLESS } from './lossless-formats.ts'
import { METER } from './loudness.ts'
import { joined } from './output-arguments.ts'
import { planConversion } from './plan.ts'
import type { ProbedSource } from './probe-source.ts'
import type { Tools } from './tools.ts'

/** Output arguments that measure a source and give its samples, mixed to one channel of 16 bits, on stdout. */
export function waveformArguments(
  source: Pick<ProbedSource, 'probed' | 'whole'>,
  tools: Pick<Tools, 'soxr'>,
): string[] {
  const split =
    'asplit=2[heard][seen];' +
    `[heard]${METER}[metered];[seen]aformat=sample_fmts=s16:channel_layouts=mono[drawn]`
  return [
    '-filter_complex',
    `${soundOf(source, tools)}${split}`,
    '-map',
    '[metered]',
    '-f',
    'null',
    '-',
    '-map',
    '[drawn]',
    '-f',
    's16le',
    'pipe:1',
  ]
}

/** The beginning of the graph, up to the label of all of the sound. */
function soundOf({ probed, whole }: Pick<ProbedSource, 'probed' | 'whole'>, { soxr }: Pick<Tools, 'soxr'>) {
  if (probed.length === 1) return '[0:a:0]'
  const format = LOSSLESS.wav
  const plan = planConversion(format, {}, whole, { mayCopy: false })
  return `${joined({ format, options: {}, plan, sources: probed }, soxr)};[joined]`
}
