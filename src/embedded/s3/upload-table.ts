import { z } from 'zod'
import { CHECKSUM_ALGORITHMS, type Checksum, type ChecksumPlan } from './checksums.ts'
import type { Metadata } from './metadata.ts'
import { HeadersColumn, KeyColumn, type StoredHeaders } from './object-table.ts'

/** A multipart upload that is neither completed nor aborted. */
export type Upload = {
  readonly id: string
  readonly bucket: string
  /** UTF-8 */
  readonly key: Buffer
  readonly initiatedAt: number
  readonly headers: StoredHeaders
  readonly checksumPlan: ChecksumPlan
}

export type Part = {
  /** 1 to 10,000. */
  readonly number: number
  readonly blob: string
  readonly sizeBytes: number
  /** Without quotes. */
  readonly etag: string
  readonly modifiedAt: number
  readonly checksum: Checksum | undefined
}

const UploadRow = z.object({
  id: z.string(),
  bucket: z.string(),
  key: KeyColumn,
  initiatedAt: z.number(),
  headers: HeadersColumn,
  checksumPlan: z.enum(CHECKSUM_ALGORITHMS).nullable(),
})
const PartRow = z
  .object({
    number: z.number(),
    blob: z.string(),
    sizeBytes: z.number(),
    etag: z.string(),
    modifiedAt: z.number(),
    algorithm: z.enum(CHECKSUM_ALGORITHMS).nullable(),
    value: z.string().nullable(),
  })
  .transform(({ algorithm, value, ...part }): Part => {
    return { ...part, checksum: algorithm === null || value === null ? undefined : { algorithm, value } }
  })
const BlobRow = z.object({ blob: z.string() })

const UPLOAD_COLUMNS =
  'id, bucket, key, initiated_at AS initiatedAt, headers, checksum_algorithm AS checksumPlan'
const PART_COLUMNS =
  'number, blob, size_bytes AS sizeBytes, etag, modified_at AS modifiedAt, checksum_algorithm AS algorithm, checksum_value AS value'

/** Unfinished uploads and their parts, as rows. Callers wrap what belongs together in a transaction. */
export type UploadTable = ReturnType<typeof createUploadTable>

export function createUploadTable({ database }: Metadata) {
  const add = database.prepare(
    'INSERT INTO uploads (id, bucket, key, initiated_at, headers, checksum_algorithm) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const find = database.prepare(
    `SELECT ${UPLOAD_COLUMNS} FROM uploads WHERE id = ? AND bucket = ? AND key = ?`,
  )
  const list = database.prepare(
    `SELECT ${UPLOAD_COLUMNS} FROM uploads WHERE bucket = ? AND (key, id) > (?, ?) ORDER BY key, id LIMIT ?`,
  )
  const remove = database.prepare('DELETE FROM uploads WHERE id = ?')
  const parts = database.prepare(
    `SELECT ${PART_COLUMNS} FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?`,
  )
  const removePart = database.prepare('DELETE FROM parts WHERE upload = ? AND number = ? RETURNING blob')
  const removeParts = database.prepare('DELETE FROM parts WHERE upload = ? RETURNING blob')
  const insertPart = database.prepare('INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const owns = database.prepare('SELECT 1 FROM parts WHERE blob = ?')
  const blobs = (rows: unknown): string[] =>
    z
      .array(BlobRow)
      .parse(rows)
      .map(({ blob }) => blob)

  return {
    add: ({ id, bucket, key, initiatedAt, headers, checksumPlan }: Upload): void =>
      void add.run(id, bucket, key, initiatedAt, JSON.stringify(headers), checksumPlan),

    find: (id: string, bucket: string, key: string): Upload | undefined =>
      UploadRow.optional().parse(find.get(id, bucket, Buffer.from(key))),

    /** At most `limit` uploads after the one of that key and id, by key, then by id. */
    list: (bucket: string, after: { key: Buffer; id: string }, limit: number): Upload[] =>
      z.array(UploadRow).parse(list.all(bucket, after.key, after.id, limit)),

    /** Forgets an upload and returns the blobs of its parts. */
    remove(id: string): string[] {
      const freed = blobs(removeParts.all(id))
      remove.run(id)
      return freed
    },

    /** At most `limit` parts whose number is above `after`, by number. */
    parts: (id: string, after: number, limit: number): Part[] =>
      z.array(PartRow).parse(parts.all(id, after, limit)),

    /** Adds a part, in place of the one of that number if there is one; returns the blob of that one. */
    putPart(id: string, { number, blob, sizeBytes, etag, modifiedAt, checksum }: Part): string[] {
      const freed = blobs(removePart.all(id, number))
      insertPart.run(
        id,
        number,
        blob,
        sizeBytes,
        etag,
        modifiedAt,
        checksum?.algorithm ?? null,
        checksum?.value ?? null,
      )
      return freed
    },

    owns: (blob: string): boolean => owns.get(blob) !== undefined,
  }
}
