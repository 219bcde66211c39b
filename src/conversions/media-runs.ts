import type { Measured } from '../contract/index.ts'
import {
  FfmpegStalled,
  measuringArguments,
  METER,
  parseMeter,
  runFfmpeg,
  TIMES_BY_SAMPLES,
  ToolFailed,
  type Conversion,
  type FfmpegRun,
  type Tools,
} from '../ffmpeg/index.ts'
import { quoted } from './result-warnings.ts'
import type { ConvertStep, Running } from './convert-step.ts'
import { ConversionRefused, DiskFull } from './job-errors.ts'

const TO_NOWHERE = ['-f', 'null', '-']
const ONLY_DECODED = ['-map', '0:a:0', '-af', TIMES_BY_SAMPLES, ...TO_NOWHERE]

/** Runs FFmpeg to its end; gives what it said on stderr. Throws ToolFailed, FfmpegStalled or the signal's reason. */
export async function runToEnd(
  tools: Tools,
  run: FfmpegRun,
  onStep: (processedMs: number) => void = () => undefined,
): Promise<string> {
  const steps = runFfmpeg(tools, run)
  for (;;) {
    const next = await steps.next()
    if (next.done) return next.value
    onStep(next.value.processedMs)
  }
}

/** Decodes files of which nobody has compared the checksums yet; gives what FFmpeg complains of. */
export async function decode(
  tools: Tools,
  folder: string,
  files: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  let complaints = ''
  for (const file of files) {
    const run = { folder, sources: [file], checksums: true, output: ONLY_DECODED, signal }
    complaints += await runToEnd(tools, run).catch((error: unknown) => {
      if (error instanceof ToolFailed) return error.stderr
      throw error
    })
  }
  return complaints
}

/**
 * Milliseconds that are heard when a file is decoded: of a codec that pads its packets no container tells them all, and
 * between joined files what is missing adds up.
 */
export async function heardMs(
  tools: Tools,
  folder: string,
  file: string,
  signal: AbortSignal,
): Promise<number> {
  let heard = 0
  const run = { folder, sources: [file], output: ONLY_DECODED, signal }
  await runToEnd(tools, run, (processedMs) => (heard = processedMs)).catch(refuseUnconvertible)
  return heard
}

/** Loudness of what will be encoded: of the part and at the speed that were asked for, joined where there are several. */
export async function measureSource(
  tools: Tools,
  { signal }: Pick<Running, 'signal'>,
  { folder, sources: { files }, progress }: ConvertStep,
  conversion: Conversion,
): Promise<Measured> {
  const output = [...measuringArguments(conversion, tools.soxr), ...TO_NOWHERE]
  const { expectedMs } = conversion.plan
  const stderr = await runToEnd(
    tools,
    { folder, sources: files, output, signal, level: 'info' },
    (processedMs) => progress.analysing(expectedMs ? processedMs / expectedMs : 0),
  ).catch(refuseUnconvertible)
  return meterOf(stderr)
}

/** Loudness of a finished result, decoded as a listener would. */
export async function measureResult(
  tools: Tools,
  folder: string,
  file: string,
  signal: AbortSignal,
): Promise<Measured> {
  const output = ['-map', '0:a:0', '-af', METER, ...TO_NOWHERE]
  const run = { folder, sources: [file], output, signal, level: 'info' as const }
  return meterOf(await runToEnd(tools, run).catch(refuseUnconvertible))
}

function meterOf(stderr: string): Measured {
  const measured = parseMeter(stderr)
  if (!measured) throw new ConversionRefused('conversion-failed', 'The loudness could not be measured.')
  return measured
}

/** Tells a failure that lies in the file from one that lies in the machine. */
export function refuseUnconvertible(error: unknown): never {
  if (error instanceof FfmpegStalled)
    throw new ConversionRefused('conversion-failed', error.message, { cause: error })
  if (!(error instanceof ToolFailed)) throw error
  if (/No space left on device/.test(error.stderr)) throw new DiskFull({ cause: error })
  const message = `FFmpeg could not convert this file${quoted(error.stderr)}.`
  throw new ConversionRefused('conversion-failed', message, { cause: error, log: error.stderr })
}
