import path from 'node:path'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { SECOND_MS } from '../kernel/units.ts'
import {
  FORMATS,
  NotAudio,
  outputArguments,
  probe,
  runFfmpeg,
  ToolFailed,
  FfmpegStalled,
  type Format,
  type Probed,
  type Tools,
} from '../ffmpeg/index.ts'
import type { Snapshot } from '../progress/index.ts'
import { UploadNotFound } from '../uploads/index.ts'
import { checkResult, quoted, type Result } from './check-result.ts'
import { fetchSource, SOURCE_FILE, type ReadSource } from './fetch-source.ts'
import { ConversionRefused, DiskFull } from './job-errors.ts'
import { resultKey, type LeasedJob } from './job.ts'
import { BEGINS, ENDS } from './phases.ts'
import type { ResultStore } from './result-store.ts'
import { whileAway } from './while-away.ts'
import type { WorkFolder, WorkFolders } from './work-folder.ts'

export type RunParts = {
  tools: Tools
  read: ReadSource
  results: ResultStore
  folders: WorkFolders
  clock: Clock
  log: Log
  random: () => number
  maxDurationMs: number
}

export type RunningJob = {
  job: LeasedJob
  signal: AbortSignal
  /** Told of every step forward. */
  report: (snapshot: Snapshot) => void
}

/** A stored result. */
export type Outcome = Result & { key: string }

/**
 * Converts one job: fetch, look, convert, check, store. The work folder is gone on every way out. Throws
 * ConversionRefused when it can never succeed, DiskFull or StoreUnavailable when it may elsewhere or later.
 */
export async function runJob(parts: RunParts, running: RunningJob): Promise<Outcome> {
  const { job, signal } = running
  const { uploadId, size: sizeBytes } = job.source
  await using folder = await parts.folders.make(sizeBytes)
  const progress = reporter(parts.clock, running)
  progress.fetching(0)
  await fetchSource(parts.read, {
    uploadId,
    sizeBytes,
    folder,
    signal,
    onBytes: (bytes) => progress.fetching(bytes / sizeBytes),
  }).catch(refuseMissing)
  progress.analysing()
  const source = await probe(parts.tools, folder.path, SOURCE_FILE, signal).catch(refuseUnreadable)
  const format = formatOf(job)
  const result = await convert(parts, running, { folder, source, format, progress })
  const key = resultKey(job, format.extension)
  const file = { path: path.join(folder.path, outputFile(format)), key, mimeType: format.mimeType }
  await store(parts, running, { ...file, sizeBytes: result.sizeBytes }, progress)
  return { ...result, key }
}

type Progress = ReturnType<typeof reporter>

/** A finished file waits for a store that is away: nothing is converted twice for that. */
async function store(
  { results, clock, random, log }: RunParts,
  { job, signal }: RunningJob,
  file: Parameters<ResultStore['put']>[0],
  progress: Progress,
): Promise<void> {
  const onAway = (err: unknown) => log.warn({ err, jobId: job.jobId }, 'result waits for the store')
  await whileAway({ clock, random, signal, onAway }, () => {
    progress.storing(0)
    return results.put(file, signal, (bytes) => progress.storing(bytes / file.sizeBytes))
  })
}

type Step = { folder: WorkFolder; source: Probed; format: Format; progress: Progress }

async function convert(parts: RunParts, running: RunningJob, step: Step): Promise<Result> {
  const { folder, source, format, progress } = step
  const { job, signal } = running
  const output = outputFile(format)
  const limits = { durationMs: parts.maxDurationMs, bytes: folder.freeBytes - job.source.size }
  const args = outputArguments({
    format,
    options: job.options,
    source,
    output,
    limits,
    soxr: parts.tools.soxr,
  })
  const ffmpeg = runFfmpeg(parts.tools, { folder: folder.path, source: SOURCE_FILE, output: args, signal })
  const stderr = await toTheEnd(ffmpeg, (step) => progress.converting(step, source.durationMs)).catch(
    refuseUnconvertible,
  )
  const checked = { folder: folder.path, file: output, expectedMs: source.durationMs, stderr }
  const result = await checkResult(parts.tools, checked, signal)
  if (result.sizeBytes >= limits.bytes) throw new DiskFull()
  return result
}

const outputFile = ({ extension }: Format) => `output.${extension}`

function formatOf({ format }: LeasedJob): Format {
  const found = FORMATS.find(({ id }) => id === format)
  if (!found) throw new ConversionRefused('conversion-failed', `There is no format "${format}" any more.`)
  return found
}

/** Runs a generator to its end: each value to `each`, the returned one as the result. */
async function toTheEnd<Value, Returned>(
  generator: AsyncGenerator<Value, Returned>,
  each: (value: Value) => void,
): Promise<Returned> {
  for (;;) {
    const next = await generator.next()
    if (next.done) return next.value
    each(next.value)
  }
}

function refuseMissing(error: unknown): never {
  if (!(error instanceof UploadNotFound)) throw error
  const message = 'The uploaded file is gone. Please upload it again.'
  throw new ConversionRefused('source-gone', message, { cause: error })
}

function refuseUnreadable(error: unknown): never {
  if (!(error instanceof NotAudio)) throw error
  throw new ConversionRefused('conversion-failed', `The source cannot be read: ${error.reason}.`, {
    cause: error,
  })
}

function refuseUnconvertible(error: unknown): never {
  if (error instanceof FfmpegStalled)
    throw new ConversionRefused('conversion-failed', error.message, { cause: error })
  if (!(error instanceof ToolFailed)) throw error
  if (/No space left on device/.test(error.stderr)) throw new DiskFull({ cause: error })
  const message = `FFmpeg could not convert this file${quoted(error.stderr)}.`
  throw new ConversionRefused('conversion-failed', message, { cause: error, log: error.stderr })
}

/** Turns steps of each phase into snapshots of the whole. */
function reporter(clock: Clock, { job, report }: RunningJob) {
  const tell = (phase: Snapshot['phase'], percent: number, rest: Partial<Snapshot> = {}) =>
    report({
      fence: job.fence,
      phase,
      percent: Math.floor(percent * 10) / 10,
      speed: null,
      etaMs: null,
      processedMs: 0,
      at: clock.now(),
      ...rest,
    })
  const between = (begin: number, end: number, share: number) => begin + (end - begin) * Math.min(1, share)
  let heard = { processedMs: 0, speed: null as number | null }
  return {
    fetching: (share: number) => tell('fetching', between(BEGINS.fetching, BEGINS.analysing, share)),
    analysing: () => tell('analysing', BEGINS.analysing),
    /** A source of unknown length stands where converting begins: no invented percentage. */
    converting(step: { processedMs: number; speed: number | null }, durationMs: number | null) {
      heard = step
      const share = durationMs ? step.processedMs / durationMs : 0
      const leftMs = durationMs === null ? null : Math.max(0, durationMs - step.processedMs)
      const etaMs = leftMs !== null && step.speed ? Math.round(leftMs / step.speed) : null
      const { processedMs, speed } = step
      tell('converting', between(BEGINS.converting, BEGINS.storing, share), { processedMs, speed, etaMs })
    },
    storing(share: number) {
      const etaMs = share < 1 ? SECOND_MS : 0
      tell('storing', between(BEGINS.storing, ENDS, share), { ...heard, etaMs })
    },
  }
}
