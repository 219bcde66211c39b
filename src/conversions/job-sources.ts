import {
  joinedSource,
  NotAudio,
  paddingMs,
  probeSource,
  type Probed,
  type ProbedSource,
  type Tools,
} from '../ffmpeg/index.ts'
import { UploadNotFound } from '../uploads/index.ts'
import type { Fetched, Running } from './convert-step.ts'
import { fetchSource, isDiskFull, type ReadSource } from './fetch-source.ts'
import { ConversionRefused, DiskFull } from './job-errors.ts'
import { sourcesOf, type LeasedJob } from './job.ts'
import type { Progress } from './job-progress.ts'
import { heardMs } from './media-runs.ts'
import type { WorkFolder } from './work-folder.ts'

type Fetching = { folder: WorkFolder; progress: Progress }

/**
 * Copies the sources here, one after the other, and gives the names of the files. Throws ConversionRefused and what
 * fetching throws.
 */
export async function fetchSources(
  { read }: { read: ReadSource },
  { job, signal }: Running,
  { folder, progress }: Fetching,
): Promise<string[]> {
  const sources = sourcesOf(job)
  const total = sources.reduce((sum, { size }) => sum + size, 0)
  const files: string[] = []
  let before = 0
  progress.fetching(0)
  for (const [index, { uploadId, size: sizeBytes }] of sources.entries()) {
    const file = `source${index === 0 ? '' : `-${index + 1}`}`
    const onBytes = (bytes: number) => progress.fetching((before + bytes) / total)
    await fetchSource(read, { uploadId, sizeBytes, folder, file, signal, onBytes }).catch((error: unknown) =>
      refuseMissing(error, calledIn(job, index)),
    )
    files.push(file)
    before += sizeBytes
  }
  return files
}

/** Says what the fetched files hold, each and as one. Throws ConversionRefused. */
export async function lookInto(
  { tools }: { tools: Tools },
  running: Running,
  { folder, progress, files }: Fetching & { files: string[] },
): Promise<Fetched> {
  const { job } = running
  const looked: ProbedSource[] = []
  for (const [index, file] of files.entries()) {
    progress.analysing((COUNTING * index) / files.length)
    looked.push(await look(tools, running, { folder: folder.path, file, name: calledIn(job, index) }))
  }
  return {
    files: looked.flatMap((one) => one.files),
    probed: looked.flatMap(({ probed }) => probed),
    whole: asOne(
      job,
      looked.map(({ whole }) => whole),
    ),
  }
}

/** The share of analysing that counting takes: measuring what is joined comes after it. */
const COUNTING = 0.5

/** Each joined file is counted as it will be heard, so that chapters begin where they do. */
async function look(
  tools: Tools,
  { job, signal }: Running,
  { folder, file, name }: { folder: string; file: string; name: string },
): Promise<ProbedSource> {
  const found = await probeSource(tools, folder, file, signal).catch((error: unknown) =>
    refuseUnreadable(error, name),
  )
  if (!job.joined || paddingMs(found.whole) === 0) return found
  let durationMs = 0
  for (const one of found.files) durationMs += await heardMs(tools, folder, one, signal)
  return { ...found, whole: { ...found.whole, durationMs: durationMs || found.whole.durationMs } }
}

function asOne({ joined = [], options: { crossfadeMs = 0 } }: LeasedJob, probed: Probed[]): Probed {
  const [only] = probed
  if (probed.length === 1 && only) return only
  const files = probed.map((media, index) => ({ name: joined[index]?.name ?? '', media }))
  return joinedSource(files, crossfadeMs)
}

/** What people call one of several files; of a single one everybody knows. */
const calledIn = ({ joined }: LeasedJob, index: number): string => {
  const name = joined?.[index]?.name
  return name === undefined ? '' : ` "${name}"`
}

function refuseMissing(error: unknown, name: string): never {
  if (!(error instanceof UploadNotFound)) throw error
  const message = `The uploaded file${name} is gone. Please upload it again.`
  throw new ConversionRefused('source-gone', message, { cause: error })
}

function refuseUnreadable(error: unknown, name: string): never {
  if (isDiskFull(error)) throw new DiskFull({ cause: error })
  if (!(error instanceof NotAudio)) throw error
  const message = `The source${name} cannot be read: ${error.reason}.`
  throw new ConversionRefused('conversion-failed', message, { cause: error })
}
