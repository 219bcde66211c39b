import { joinedSource, NotAudio, probe, type Probed, type Tools } from '../ffmpeg/index.ts'
import { UploadNotFound } from '../uploads/index.ts'
import { fetchSource, type ReadSource } from './fetch-source.ts'
import { ConversionRefused } from './job-errors.ts'
import { sourcesOf, type LeasedJob } from './job.ts'
import type { Progress } from './job-progress.ts'
import type { WorkFolder } from './work-folder.ts'

/** The sources of a job in its work folder. */
export type Fetched = {
  /** Names inside the folder. */
  files: string[]
  /** What each of them holds. */
  probed: Probed[]
  /** What they are as one. */
  whole: Probed
}

type FetchParts = { tools: Tools; read: ReadSource }

/** Copies the sources here, one after the other, and looks into them. Throws ConversionRefused and what fetching throws. */
export async function fetchSources(
  { tools, read }: FetchParts,
  { job, signal }: { job: LeasedJob; signal: AbortSignal },
  folder: WorkFolder,
  progress: Progress,
): Promise<Fetched> {
  const sources = sourcesOf(job)
  const total = sources.reduce((sum, { size }) => sum + size, 0)
  const files: string[] = []
  let before = 0
  progress.fetching(0)
  for (const { uploadId, size: sizeBytes } of sources) {
    const file = `source${files.length === 0 ? '' : `-${files.length + 1}`}`
    const onBytes = (bytes: number) => progress.fetching((before + bytes) / total)
    await fetchSource(read, { uploadId, sizeBytes, folder, file, signal, onBytes }).catch(refuseMissing)
    files.push(file)
    before += sizeBytes
  }
  progress.analysing(0)
  const probed: Probed[] = []
  for (const file of files) probed.push(await probe(tools, folder.path, file, signal).catch(refuseUnreadable))
  return { files, probed, whole: asOne(job, probed) }
}

function asOne({ joined = [], options: { crossfadeMs = 0 } }: LeasedJob, probed: Probed[]): Probed {
  const [only] = probed
  if (probed.length === 1 && only) return only
  const files = probed.map((media, index) => ({ name: joined[index]?.name ?? '', media }))
  return joinedSource(files, crossfadeMs)
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
