import { findBuckets, findTables, removeBucket, removeTable, seeTableGone } from '../support/leftovers.ts'
import type { Leftover, openRemovers } from '../support/leftovers.ts'

export type Clients = Pick<ReturnType<typeof openRemovers>, 'db' | 's3'>

/** Names of what was removed, and what was not, with the reason. */
export type Swept = { tables: string[]; buckets: string[]; failures: string[] }

/** Removes tables and buckets of a prefix that were made before a time, in milliseconds. One that fails stops no other. */
export async function sweep({ db, s3 }: Clients, scope: { prefix: string; before: number }): Promise<Swept> {
  const isOld = ({ madeAt }: Leftover) => madeAt <= scope.before
  const tables = (await findTables(db, scope.prefix)).filter(isOld)
  const buckets = (await findBuckets(s3, scope.prefix)).filter(isOld)
  const failures: string[] = []
  const each = async (names: string[], remove: (name: string) => Promise<void>) => {
    const done: string[] = []
    for (const name of names)
      await remove(name).then(
        () => done.push(name),
        (error: unknown) => failures.push(`${name}: ${String(error)}`),
      )
    return done
  }
  const named = (found: Leftover[]) => found.map(({ name }) => name)
  const going = await each(named(tables), (name) => removeTable(db, name))
  return {
    buckets: await each(named(buckets), (name) => removeBucket(s3, name)),
    tables: await each(going, (name) => seeTableGone(db, name)),
    failures,
  }
}

export function describeSweep({ tables, buckets, failures }: Swept): string {
  const removed = [...tables.map((name) => `table ${name}`), ...buckets.map((name) => `bucket ${name}`)]
  return [
    removed.length === 0 ? 'Nothing of the tests was there to be removed.' : 'Removed:',
    ...removed.map((one) => `  ${one}`),
    ...failures.map((one) => `NOT removed: ${one}`),
    '',
  ].join('\n')
}
