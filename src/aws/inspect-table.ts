import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ResourceNotFoundException,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { compare, TTL_ATTRIBUTE, type TableDefinition } from './tables.ts'

/** What is wrong with a table. `waits`: it is being made or changed. `differs`: `how` says in what. */
export type TableState =
  { is: 'ready' } | { is: 'missing' } | { is: 'waits'; status: string } | { is: 'differs'; how: string }

/** How a table stands; changes nothing. */
export async function inspectTable(db: DynamoDBDocumentClient, table: TableDefinition): Promise<TableState> {
  const found = await find(db, table.name)
  if (!found) return { is: 'missing' }
  const how = compare(table, found)
  if (how !== undefined) return { is: 'differs', how }
  const status = found.TableStatus ?? 'unknown'
  // A table takes reads and writes while it is updated ("Table states", DynamoDB API reference).
  return status === 'ACTIVE' || status === 'UPDATING' ? { is: 'ready' } : { is: 'waits', status }
}

async function find(db: DynamoDBDocumentClient, name: string): Promise<TableDescription | undefined> {
  try {
    return (await db.send(new DescribeTableCommand({ TableName: name }))).Table
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}

/** Whether DynamoDB deletes rows of a table by our attribute. `starting` takes up to an hour; `other`: by another one. */
export async function inspectTtl(
  db: DynamoDBDocumentClient,
  name: string,
): Promise<'on' | 'starting' | 'off' | 'other'> {
  const { TimeToLiveDescription } = await db.send(new DescribeTimeToLiveCommand({ TableName: name }))
  const { TimeToLiveStatus: status, AttributeName: attribute } = TimeToLiveDescription ?? {}
  if (status !== 'ENABLED' && status !== 'ENABLING') return 'off'
  if (attribute !== TTL_ATTRIBUTE) return 'other'
  return status === 'ENABLED' ? 'on' : 'starting'
}
