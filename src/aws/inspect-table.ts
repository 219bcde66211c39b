import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { compare, describeTable, describeTtl, TTL_ATTRIBUTE, type TableDefinition } from './tables.ts'

/** What is wrong with a table. `waits`: it is being made or changed. `differs`: `how` says in what. */
export type TableState =
  { is: 'ready' } | { is: 'missing' } | { is: 'waits'; status: string } | { is: 'differs'; how: string }

/** How a table stands; changes nothing. */
export async function inspectTable(db: DynamoDBDocumentClient, table: TableDefinition): Promise<TableState> {
  const found = await describeTable(db, table.name)
  if (!found) return { is: 'missing' }
  const how = compare(table, found)
  if (how !== undefined) return { is: 'differs', how }
  const status = found.TableStatus ?? 'unknown'
  // A table takes reads and writes while it is updated ("Table states", DynamoDB API reference).
  return status === 'ACTIVE' || status === 'UPDATING' ? { is: 'ready' } : { is: 'waits', status }
}

/** Whether DynamoDB deletes rows of a table by our attribute. `starting` takes up to an hour; `other`: by another one. */
export async function inspectTtl(
  db: DynamoDBDocumentClient,
  name: string,
): Promise<'on' | 'starting' | 'off' | 'other'> {
  const ttl = await describeTtl(db, name)
  if (!ttl) return 'off'
  if (ttl.attribute !== TTL_ATTRIBUTE) return 'other'
  return ttl.isActive ? 'on' : 'starting'
}
