import type { Change, LoudnessChange } from '../contract/index.ts'
import {
  changesBetween,
  gainFor,
  mediaOf,
  outputArguments,
  planConversion,
  survivesChecksums,
  ToolFailed,
  type Conversion,
  type Plan,
  type Probed,
  type Tools,
} from '../ffmpeg/index.ts'
import { asBareStream } from './bare-stream.ts'
import { checkResult } from './check-result.ts'
import type { ConvertStep, Fetched, Running } from './convert-step.ts'
import { DiskFull, ConversionRefused } from './job-errors.ts'
import type { LeasedJob } from './job.ts'
import { decode, measureResult, measureSource, refuseUnconvertible, runToEnd } from './media-runs.ts'
import { writeMetadata } from './result-metadata.ts'

/** A result that lies in the work folder, looked at. `log` holds FFmpeg's last lines; mostly it is empty. */
export type Converted = {
  sizeBytes: number
  durationMs: number
  copied?: boolean
  loudness?: LoudnessChange
  warnings: string[]
  changes: Change[]
  log: string
}

/**
 * Makes the result of fetched sources, and looks at it. A copy of audio in which something is wrong is thrown away, and
 * what a decoder hears is encoded. Throws ConversionRefused or DiskFull.
 */
export async function convert(tools: Tools, running: Running, step: ConvertStep): Promise<Converted> {
  const { options } = running.job
  const { format, sources } = step
  // A copy is of one stream: several files are more than that, and so are the links of a chain.
  const mayCopy = sources.files.length === 1 && !sources.whole.chained
  const plan = planConversion(format, options, sources.whole, { mayCopy })
  refuseImpossible(plan.expectedMs, running.job)
  if (plan.copy) {
    const copied = await copy(tools, running, step, plan).catch((error: unknown) => {
      if (error instanceof ConversionRefused) return undefined
      throw error
    })
    if (copied?.isSound) return copied.converted
  }
  const encoding = planConversion(format, options, sources.whole, { mayCopy: false })
  return (await make(tools, running, step, encoding)).converted
}

async function copy(tools: Tools, running: Running, step: ConvertStep, plan: Plan): Promise<Made> {
  const { through } = plan
  const bare = through === undefined ? step : await asBareStream(tools, running, step, through)
  return make(tools, running, bare, plan)
}

/** What was made, and whether nothing at all was found wrong in it. */
type Made = { converted: Converted; isSound: boolean }

async function make(tools: Tools, running: Running, step: ConvertStep, plan: Plan): Promise<Made> {
  const { job, signal } = running
  const { format, sources, folder, output, limits } = step
  const { options } = job
  const planned: Conversion = { format, options, plan, sources: sources.probed, output, limits }
  const before = options.loudness && (await measureSource(tools, running, step, planned))
  const gainDb = before ? gainFor(before, options.loudness ?? {}) : 0
  const made = await makeResult(tools, running, step, { ...planned, gainDb })
  const unheard = plan.copy ? [output] : isCompared(sources) ? [] : sources.files
  const stderr = made.stderr + (await decode(tools, folder, unheard, signal))
  const expected = { source: sources.whole, expectedMs: plan.expectedMs }
  const result = await checkResult(tools, { folder, file: output, ...expected, stderr }, signal)
  if (result.sizeBytes >= limits.bytes) throw new DiskFull()
  const after = before && (await measureResult(tools, folder, output, signal))
  const converted = {
    sizeBytes: result.sizeBytes,
    durationMs: result.durationMs,
    ...(plan.copy && { copied: true }),
    ...(before && after && { loudness: { before, after, gainDb } }),
    warnings: [...cutOff(sources.probed), ...made.warnings, ...result.warnings],
    changes: changesBetween(mediaOf(sources.whole), mediaOf(result.found)),
    log: stderr,
  }
  return { converted, isSound: result.warnings.length === 0 }
}

/** Whether the checksums of sources are compared while they are converted. */
const isCompared = ({ probed }: Fetched): boolean => probed.every(survivesChecksums)

const cutOff = (sources: readonly Probed[]): string[] =>
  sources.some(({ cut }) => cut) ? ['The source is cut off: it ends before the length it announces.'] : []

function refuseImpossible(expectedMs: number | null, { options }: LeasedJob): void {
  const refuse = (message: string) => {
    throw new ConversionRefused('conversion-failed', message)
  }
  if (expectedMs === 0) refuse('Nothing of the source lies within the trim.')
  if (expectedMs === null && options.fadeOutMs)
    refuse('A fade out needs the length of the source, which nothing in it tells.')
}

/** A cover that FFmpeg cannot put into the format must not cost the sound. */
async function makeResult(
  tools: Tools,
  running: Running,
  step: ConvertStep,
  conversion: Conversion,
): Promise<{ stderr: string; warnings: string[] }> {
  const { folder, sources, progress } = step
  const { signal } = running
  const { file: metadata, cover, picture, warnings } = await writeMetadata(tools, running, step)
  const checksums = isCompared(sources)
  const run = (withCover: Conversion['cover']) => {
    const output = outputArguments({ ...conversion, cover: withCover }, tools)
    const inputs = { sources: sources.files, checksums, metadata, ...(withCover && { picture }) }
    const wanted = { folder, ...inputs, output, signal }
    return runToEnd(tools, wanted, (processedMs) =>
      progress.converting(processedMs, conversion.plan.expectedMs),
    )
  }
  try {
    return { stderr: await run(cover), warnings }
  } catch (error) {
    if (!cover || !(error instanceof ToolFailed)) return refuseUnconvertible(error)
    const stderr = await run(undefined).catch(refuseUnconvertible)
    return { stderr, warnings: [...warnings, 'The cover could not be kept in this format.'] }
  }
}
