import path from 'node:path'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { inSpan, type Tracing } from '../kernel/tracing.ts'
import { FORMATS, type Format, type Tools } from '../ffmpeg/index.ts'
import type { Snapshot } from '../progress/index.ts'
import { convert, type Converted } from './convert.ts'
import type { ReadSource } from './fetch-source.ts'
import { ConversionRefused } from './job-errors.ts'
import { createProgress, type Progress } from './job-progress.ts'
import { fetchSources, lookInto } from './job-sources.ts'
import { resultKey, sourcesOf, type LeasedJob } from './job.ts'
import { fetchOwnCover } from './own-cover.ts'
import type { ResultStore } from './result-store.ts'
import { whileAway } from './while-away.ts'
import type { WorkFolders } from './work-folder.ts'

export type RunParts = {
  tools: Tools
  read: ReadSource
  results: Pick<ResultStore, 'put' | 'readBytes'>
  folders: WorkFolders
  clock: Clock
  log: Log
  tracing: Tracing
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
export type Outcome = Converted & { key: string }

/**
 * Converts one job: fetch, look, convert, check, store. The work folder is gone on every way out. Throws
 * ConversionRefused when it can never succeed, DiskFull or StoreUnavailable when it may elsewhere or later.
 */
export async function runJob(parts: RunParts, running: RunningJob): Promise<Outcome> {
  const { tracing } = parts
  const { job } = running
  const sizeBytes = sourcesOf(job).reduce((sum, { size }) => sum + size, 0)
  await using folder = await parts.folders.make(sizeBytes)
  const progress = createProgress(parts.clock, running)
  const format = formatOf(job)
  const fetching = { folder, progress }
  const files = await inSpan(tracing, 'fetch', () => fetchSources(parts, running, fetching))
  const sources = await inSpan(tracing, 'analyse', () => lookInto(parts, running, { ...fetching, files }))
  const ownCover = await fetchOwnCover(parts.results, job, folder.path)
  const output = `output.${format.extension}`
  const limits = { durationMs: parts.maxDurationMs, bytes: folder.freeBytes - sizeBytes }
  const step = { folder: folder.path, sources, ownCover, format, output, limits, progress }
  const converted = await inSpan(tracing, 'convert', () => convert(parts.tools, running, step))
  const key = resultKey(job, format.extension)
  const file = { path: path.join(folder.path, output), key, mimeType: format.mimeType }
  const stored = { ...file, sizeBytes: converted.sizeBytes }
  await inSpan(tracing, 'store', () => store(parts, running, stored, progress))
  return { ...converted, key }
}

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

function formatOf({ format }: LeasedJob): Format {
  const found = FORMATS.find(({ id }) => id === format)
  if (!found) throw new ConversionRefused('conversion-failed', `There is no format "${format}" any more.`)
  return found
}
