import { mkdir } from 'node:fs/promises'
import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import { type Blobs, openBlobs } from './blob-files.ts'
import { type BucketTable, createBucketTable } from './bucket-table.ts'
import { S3Error } from './errors.ts'
import { type Metadata, openMetadata } from './metadata.ts'
import { createObjectTable, type ObjectTable } from './object-table.ts'
import { createUploadTable, type UploadTable } from './upload-table.ts'

/** The data folder: tables that say what there is, files that hold the bytes. */
export type Store = {
  readonly buckets: BucketTable
  readonly objects: ObjectTable
  readonly uploads: UploadTable
  readonly blobs: Blobs
  readonly transaction: Metadata['transaction']
  /** The time for a row, in whole seconds (S3 knows no finer), as milliseconds since the Unix epoch. */
  now(): number
  /** Throws NoSuchBucket. */
  requireBucket(name: string): void
  close(): void
}

/** Opens a data folder and clears away what a crash may have left. Throws DataFolderInUse. */
export async function openStore(
  directory: string,
  { clock, log }: { clock: Clock; log: Log },
): Promise<Store> {
  await mkdir(directory, { recursive: true })
  const metadata = openMetadata(directory)
  try {
    const buckets = createBucketTable(metadata)
    const objects = createObjectTable(metadata)
    const uploads = createUploadTable(metadata)
    const blobs = await openBlobs(directory, log)
    const swept = await blobs.sweep((name) => objects.owns(name) || uploads.owns(name))
    if (swept > 0) log.info({ blobs: swept }, 'removed blobs that a crash had left')
    return {
      buckets,
      objects,
      uploads,
      blobs,
      transaction: metadata.transaction,
      now: () => Math.floor(clock.now() / SECOND_MS) * SECOND_MS,
      requireBucket(name) {
        if (!buckets.has(name)) throw new S3Error('NoSuchBucket')
      },
      close: metadata.close,
    }
  } catch (error) {
    metadata.close()
    throw error
  }
}
