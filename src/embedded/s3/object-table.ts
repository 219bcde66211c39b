import { z } from 'zod'
import type { Metadata } from './metadata.ts'

/** A blob of `sizeBytes` bytes that is all of an object or a part of it. */
export type Piece = { readonly blob: string; readonly sizeBytes: number }

/** Headers as they go back to whoever reads the object, by lower-case name. */
export type StoredHeaders = Readonly<Record<string, string>>

export type StoredObject = {
  readonly id: number
  /** UTF-8 */
  readonly key: Buffer
  /** Without quotes. */
  readonly etag: string
  readonly sizeBytes: number
  /** Whole seconds, in milliseconds since the Unix epoch: HTTP dates carry no more. */
  readonly modifiedAt: number
  readonly headers: StoredHeaders
  /** The id of the multipart upload it came from; null when it was put in one piece. */
  readonly upload: string | null
}

export type NewObject = Omit<StoredObject, 'id'> & {
  readonly bucket: string
  readonly pieces: readonly Piece[]
}

/** Bytes out of SQLite arrive as a plain Uint8Array. */
export const KeyColumn = z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes))
export const HeadersColumn = z
  .string()
  .transform((json) => z.record(z.string(), z.string()).parse(JSON.parse(json)))

const ObjectRow = z.object({
  id: z.number(),
  key: KeyColumn,
  etag: z.string(),
  sizeBytes: z.number(),
  modifiedAt: z.number(),
  headers: HeadersColumn,
  upload: z.string().nullable(),
})
const PieceRow = z.object({ blob: z.string(), sizeBytes: z.number() })
const COLUMNS = 'id, key, etag, size_bytes AS sizeBytes, modified_at AS modifiedAt, headers, upload'

/** The objects and the blobs they are made of, as rows. Callers wrap what belongs together in a transaction. */
export type ObjectTable = ReturnType<typeof createObjectTable>

export function createObjectTable({ database }: Metadata) {
  const find = database.prepare(`SELECT ${COLUMNS} FROM objects WHERE bucket = ? AND key = ?`)
  const next = database.prepare(
    `SELECT ${COLUMNS} FROM objects WHERE bucket = ? AND key >= ? ORDER BY key LIMIT 1`,
  )
  const insert = database.prepare(
    'INSERT INTO objects (bucket, key, etag, size_bytes, modified_at, headers, upload) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id',
  )
  const pieces = database.prepare(
    'SELECT blob, size_bytes AS sizeBytes FROM object_blobs WHERE object = ? ORDER BY position',
  )
  const insertPiece = database.prepare(
    'INSERT INTO object_blobs (object, position, blob, size_bytes) VALUES (?, ?, ?, ?)',
  )
  const removePieces = database.prepare('DELETE FROM object_blobs WHERE object = ?')
  const remove = database.prepare('DELETE FROM objects WHERE id = ?')
  const owns = database.prepare('SELECT 1 FROM object_blobs WHERE blob = ?')

  const table = {
    find: (bucket: string, key: string): StoredObject | undefined =>
      ObjectRow.optional().parse(find.get(bucket, Buffer.from(key))),

    /** The first object of a bucket whose key is `from` or sorts after it. */
    next: (bucket: string, from: Buffer): StoredObject | undefined =>
      ObjectRow.optional().parse(next.get(bucket, from)),

    pieces: (id: number): Piece[] => z.array(PieceRow).parse(pieces.all(id)),

    /** Adds an object, in place of the one of that key if there is one; returns the blobs of that one. */
    put(object: NewObject): string[] {
      const freed = table.remove(object.bucket, object.key.toString())
      const { bucket, key, etag, sizeBytes, modifiedAt, headers, upload } = object
      const row = insert.get(bucket, key, etag, sizeBytes, modifiedAt, JSON.stringify(headers), upload)
      const { id } = z.object({ id: z.number() }).parse(row)
      for (const [position, piece] of object.pieces.entries())
        insertPiece.run(id, position, piece.blob, piece.sizeBytes)
      return freed
    },

    /** Forgets an object, if it is there, and returns the blobs it leaves. */
    remove(bucket: string, key: string): string[] {
      const found = table.find(bucket, key)
      if (!found) return []
      const freed = table.pieces(found.id).map(({ blob }) => blob)
      removePieces.run(found.id)
      remove.run(found.id)
      return freed
    },

    owns: (blob: string): boolean => owns.get(blob) !== undefined,
  }
  return table
}
