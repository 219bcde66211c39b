import { createWriteStream } from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StoreUnavailable } from '../aws/index.ts'
import { errorCode } from '../kernel/error-code.ts'
import { DiskFull } from './job-errors.ts'
import type { WorkFolder } from './work-folder.ts'

/** The bytes of a finished upload. */
export type ReadSource = (uploadId: string, signal: AbortSignal) => Promise<Readable>

export type SourceFetch = {
  uploadId: string
  sizeBytes: number
  folder: WorkFolder
  /** Its name there: ours, never the user's. */
  file: string
  signal: AbortSignal
  /** Called as bytes arrive, with their sum. */
  onBytes?: (bytes: number) => void
}

/** Copies a source into its work folder. Throws {@link StoreUnavailable} or {@link DiskFull}. */
export async function fetchSource(
  read: ReadSource,
  { uploadId, sizeBytes, folder, file, signal, onBytes }: SourceFetch,
): Promise<void> {
  const source = await read(uploadId, signal)
  let bytes = 0
  const counter = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      onBytes?.(bytes)
      done(null, chunk)
    },
  })
  try {
    await pipeline(source, counter, createWriteStream(path.join(folder.path, file)), { signal })
  } catch (error) {
    signal.throwIfAborted()
    if (isDiskFull(error)) throw new DiskFull({ cause: error })
    throw new StoreUnavailable('objects', error)
  }
  if (bytes !== sizeBytes) throw new StoreUnavailable('objects', new Error('The source came incomplete.'))
}

export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(String(errorCode(error)))
