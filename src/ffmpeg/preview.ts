import type { JobOptions } from '../contract/index.ts'
import { LOSSLESS } from './lossless-formats.ts'
import { metadataFor } from './metadata-file.ts'
import type { Conversion } from './output-arguments.ts'
import { planConversion } from './plan.ts'
import type { ProbedSource } from './probe-source.ts'

const { flac } = LOSSLESS
/** Level 1 is as fast as 0, and files are a twentieth smaller (measured). */
const OPTIONS: JobOptions = { compressionLevel: 1, metadata: 'strip', artwork: 'strip' }
const NOTHING_SAID = { writtenTags: {}, chapters: [] }

/** What previews are to browsers. */
export const PREVIEW = { extension: flac.extension, mimeType: flac.mimeType }

/** A source as FLAC, which every browser plays: all of its sound, and nothing but that. */
export function previewOf(
  { probed, whole }: Pick<ProbedSource, 'probed' | 'whole'>,
  { output, limits }: Pick<Conversion, 'output' | 'limits'>,
) {
  const plan = planConversion(flac, OPTIONS, whole, { mayCopy: false })
  const conversion: Conversion = {
    ...{ format: flac, options: OPTIONS, plan, output, limits },
    sources: probed,
  }
  return { conversion, metadata: metadataFor(flac, OPTIONS, NOTHING_SAID, undefined) }
}
