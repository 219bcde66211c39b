import { z } from 'zod'
import { CorsRule } from './cors-rules.ts'
import type { Metadata } from './metadata.ts'

export type Bucket = { readonly name: string; readonly createdAt: number }

const Row = z.object({ name: z.string(), createdAt: z.number() })
const CorsRow = z.object({
  cors: z.string().transform((json) => z.array(CorsRule).parse(JSON.parse(json))),
})

/** The buckets, as rows. */
export type BucketTable = ReturnType<typeof createBucketTable>

export function createBucketTable({ database }: Metadata) {
  const find = database.prepare('SELECT name, created_at AS createdAt FROM buckets WHERE name = ?')
  const list = database.prepare('SELECT name, created_at AS createdAt FROM buckets ORDER BY name')
  const add = database.prepare('INSERT INTO buckets (name, created_at) VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM buckets WHERE name = ?')
  const cors = database.prepare('SELECT cors FROM buckets WHERE name = ?')
  const setCors = database.prepare('UPDATE buckets SET cors = ? WHERE name = ?')
  return {
    has: (name: string): boolean => find.get(name) !== undefined,
    list: (): Bucket[] => z.array(Row).parse(list.all()),
    add: ({ name, createdAt }: Bucket): void => void add.run(name, createdAt),
    remove: (name: string): void => void remove.run(name),
    /** Empty when the bucket has no rules; undefined when there is no such bucket. */
    cors: (name: string): CorsRule[] | undefined => CorsRow.optional().parse(cors.get(name))?.cors,
    setCors: (name: string, rules: readonly CorsRule[]): void =>
      void setCors.run(JSON.stringify(rules), name),
  }
}
