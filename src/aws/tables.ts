import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  UpdateTimeToLiveCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { setTimeout as delay } from 'node:timers/promises'

/** Names of string attributes that make a key. */
export type KeyNames = { partition: string; sort?: string }

/** A table the program owns: on-demand, TTL on `ttl` (epoch seconds), and at most one KEYS_ONLY index. */
export type TableDefinition = {
  name: string
  key: KeyNames
  index?: { name: string; key: KeyNames }
}

/** Where DynamoDB's time-to-live looks, in every table. */
export const TTL_ATTRIBUTE = 'ttl'

/** A table of that name exists with other keys. The program refuses to touch it. */
export class TableMismatch extends Error {}

/**
 * Makes sure the table is there, active, as defined, and has its time-to-live switched on. Safe to call from many
 * processes at once and on every start. Asks before it creates, so that where the tables are there, nobody needs the
 * permission to make any. Throws {@link TableMismatch} naming the difference.
 */
export async function ensureTable(db: DynamoDBDocumentClient, table: TableDefinition): Promise<void> {
  if (!(await describeTable(db, table.name))) await createTable(db, table)
  const description = await waitUntilActive(db, table.name)
  const difference = compare(table, description)
  if (difference) throw mismatch(table.name, difference)
  await switchTtlOn(db, table.name)
}

const mismatch = (name: string, difference: string) =>
  new TableMismatch(`Table ${name} exists with another schema: ${difference}.`)

/** A table as it stands; undefined where there is none. */
export async function describeTable(
  db: DynamoDBDocumentClient,
  name: string,
): Promise<TableDescription | undefined> {
  try {
    return (await db.send(new DescribeTableCommand({ TableName: name }))).Table
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}

async function createTable(db: DynamoDBDocumentClient, { name, key, index }: TableDefinition): Promise<void> {
  const attributes = [...keyAttributes(key), ...(index ? keyAttributes(index.key) : [])]
  const command = new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: attributes.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: keySchema(key),
    ...(index && {
      GlobalSecondaryIndexes: [
        {
          IndexName: index.name,
          KeySchema: keySchema(index.key),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  })
  try {
    await db.send(command)
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error
  }
}

const keyAttributes = ({ partition, sort }: KeyNames) =>
  sort === undefined ? [partition] : [partition, sort]

const keySchema = ({ partition, sort }: KeyNames) => [
  { AttributeName: partition, KeyType: 'HASH' as const },
  ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: 'RANGE' as const }]),
]

/** A new table takes some seconds on AWS. */
const ACTIVE_WITHIN_MS = 60_000
const ASK_EVERY_MS = 500

async function waitUntilActive(db: DynamoDBDocumentClient, name: string): Promise<TableDescription> {
  for (let waited = 0; waited < ACTIVE_WITHIN_MS; waited += ASK_EVERY_MS) {
    const { Table } = await db.send(new DescribeTableCommand({ TableName: name }))
    if (Table?.TableStatus === 'ACTIVE') return Table
    await delay(ASK_EVERY_MS)
  }
  throw new Error(`Table ${name} did not become active within ${ACTIVE_WITHIN_MS / 1000} s.`)
}

/** What differs between a table and its definition; undefined when nothing does. */
export function compare({ key, index }: TableDefinition, found: TableDescription): string | undefined {
  const foundIndex = found.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === index?.name)
  const pairs: [string, string, string][] = [['key', describe(keySchema(key)), describe(found.KeySchema)]]
  if (index) {
    pairs.push([`index ${index.name}`, describe(keySchema(index.key)), describe(foundIndex?.KeySchema)])
    pairs.push([`projection of ${index.name}`, 'KEYS_ONLY', foundIndex?.Projection?.ProjectionType ?? 'none'])
  }
  const different = pairs.find(([, expected, actual]) => expected !== actual)
  return different && `its ${different[0]} is ${different[2]}, expected ${different[1]}`
}

function describe(schema: TableDescription['KeySchema']): string {
  return (
    schema?.map(({ AttributeName, KeyType }) => `${AttributeName ?? '?'} ${KeyType ?? '?'}`).join(', ') ??
    'none'
  )
}

/** Whoever comes second is refused by DynamoDB, so what counts is how the setting stands afterwards. */
async function switchTtlOn(db: DynamoDBDocumentClient, name: string): Promise<void> {
  if (await isTtlOn(db, name)) return
  const TimeToLiveSpecification = { AttributeName: TTL_ATTRIBUTE, Enabled: true }
  const refusal = await db
    .send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }))
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  if (!(await isTtlOn(db, name)))
    throw new Error(`Time-to-live of table ${name} could not be switched on.`, { cause: refusal })
}

async function isTtlOn(db: DynamoDBDocumentClient, name: string): Promise<boolean> {
  const ttl = await describeTtl(db, name)
  if (!ttl) return false
  if (ttl.attribute === TTL_ATTRIBUTE) return true
  throw mismatch(name, `its time-to-live attribute is ${ttl.attribute}, expected ${TTL_ATTRIBUTE}`)
}

/** By which attribute rows of a table expire, and whether they do already, as they will within an hour; undefined: never. */
export async function describeTtl(
  db: DynamoDBDocumentClient,
  name: string,
): Promise<{ attribute: string; isActive: boolean } | undefined> {
  const { TimeToLiveDescription } = await db.send(new DescribeTimeToLiveCommand({ TableName: name }))
  const { TimeToLiveStatus: status, AttributeName: attribute = '?' } = TimeToLiveDescription ?? {}
  const isOn = status === 'ENABLED' || status === 'ENABLING'
  return isOn ? { attribute, isActive: status === 'ENABLED' } : undefined
}
