import { bulkhead, isBulkheadRejectedError } from 'cockatiel'
import type { Media } from '../contract/index.ts'
import { mediaOf, NoAudioStream, NotAudio, probeSource, type Probed, type Tools } from '../ffmpeg/index.ts'
import { SourceRefused, type Inspect } from '../uploads/index.ts'
import { TooManyInspections } from './failures.ts'
import { fetchSource, type ReadSource } from './fetch-source.ts'
import { hours } from './hours.ts'
import type { WorkFolders } from './work-folder.ts'

/** What is taken at all, before anything is decoded: wider than every real recording, narrower than an attack. */
const SAMPLE_RATES_HZ = { lowest: 4_000, highest: 768_000 }
const MOST_CHANNELS = 16

const FILE = 'source'

export type InspectorParts = {
  tools: Tools
  read: ReadSource
  folders: WorkFolders
  maxDurationMs: number
  /** How many run at once: each is a process of its own that computes. */
  concurrency: number
  /** Aborts when the process stops and nobody waits for an answer any more. */
  shutdown: AbortSignal
}

/** For each that runs so many may wait: at a second each they get their answer before proxies give up, after a minute. */
const WAITING_PER_RUNNING = 50

/**
 * Looks into finished uploads with the hardened ffprobe. The function throws SourceRefused with the reason,
 * TooManyInspections, or the reason of the shutdown.
 */
export function createInspector(parts: InspectorParts): Inspect {
  const { concurrency } = parts
  const limit = bulkhead(concurrency, concurrency * WAITING_PER_RUNNING)
  return (uploadId, sizeBytes) =>
    limit
      .execute(() => inspect(parts, uploadId, sizeBytes))
      .catch((error: unknown) => {
        throw isBulkheadRejectedError(error) ? new TooManyInspections({ cause: error }) : error
      })
}

async function inspect(parts: InspectorParts, uploadId: string, sizeBytes: number): Promise<Media> {
  const { tools, read, folders, maxDurationMs, shutdown: signal } = parts
  signal.throwIfAborted()
  await using folder = await folders.make(sizeBytes)
  await fetchSource(read, { uploadId, sizeBytes, folder, file: FILE, signal })
  const { whole: found } = await probeSource(tools, folder.path, FILE, signal).catch((error: unknown) => {
    if (!(error instanceof NotAudio)) throw error
    const code = error instanceof NoAudioStream ? 'no-audio-stream' : 'not-audio'
    throw new SourceRefused(code, `This file is not audio that can be converted: ${error.reason}.`)
  })
  refuseOutOfBounds(found, maxDurationMs)
  return { ...mediaOf(found), tags: shortened(found.tags) }
}

function refuseOutOfBounds({ sampleRateHz, channels, durationMs }: Probed, maxDurationMs: number): void {
  const refuse = (code: SourceRefused['code'], what: string) => {
    throw new SourceRefused(code, `This audio cannot be converted: ${what}.`)
  }
  const { lowest, highest } = SAMPLE_RATES_HZ
  if (sampleRateHz < lowest || sampleRateHz > highest)
    refuse(
      'unsupported-sample-rate',
      `its sample rate is ${sampleRateHz} Hz, and ${lowest} to ${highest} Hz are taken`,
    )
  if (channels > MOST_CHANNELS)
    refuse('too-many-channels', `it has ${channels} channels, and at most ${MOST_CHANNELS} are taken`)
  if (durationMs !== null && durationMs > maxDurationMs)
    refuse('too-long', `it lasts ${hours(durationMs)} hours, and at most ${hours(maxDurationMs)} are taken`)
}

/** Enough for people to know their file; a row stays small, and the file itself keeps everything. */
const MOST_TAGS = 24
const LONGEST_TAG = 200

const shortened = (tags: Media['tags']): Media['tags'] =>
  Object.fromEntries(
    Object.entries(tags)
      .filter(([name]) => name.length <= LONGEST_TAG)
      .slice(0, MOST_TAGS)
      .map(([name, value]) => [name, value.slice(0, LONGEST_TAG)]),
  )
