import { z } from 'zod'
import type { Metadata } from './metadata.ts'

export type Bucket = { readonly name: string; readonly createdAt: number }

const Row = z.object({ name: z.string(), createdAt: z.number() })

/** The buckets, as rows. */
export type BucketTable = ReturnType<typeof createBucketTable>

export function createBucketTable({ database }: Metadata) {
  const find = database.prepare('SELECT name, created_at AS createdAt FROM buckets WHERE name = ?')
  const list = database.prepare('SELECT name, created_at AS createdAt FROM buckets ORDER BY name')
  const add = database.prepare('INSERT INTO buckets (name, created_at) VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM buckets WHERE name = ?')
  return {
    has: (name: string): boolean => find.get(name) !== undefined,
    list: (): Bucket[] => z.array(Row).parse(list.all()),
    add: ({ name, createdAt }: Bucket): void => void add.run(name, createdAt),
    remove: (name: string): void => void remove.run(name),
  }
}
