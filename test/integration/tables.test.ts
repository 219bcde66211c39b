import { CreateTableCommand, DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDynamo, ensureTable, TableMismatch, type TableDefinition } from '../../src/aws/index.ts'
import { jobsTable } from '../../src/conversions/index.ts'
import { startDynamoDb, type DynamoDbEmulator } from '../../src/embedded/dynamodb/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { progressTable } from '../../src/progress/index.ts'
import { uploadsTable } from '../../src/uploads/index.ts'
import { makeDataDir } from '../support/program.ts'

let folder: Awaited<ReturnType<typeof makeDataDir>>
let emulator: DynamoDbEmulator
let db: ReturnType<typeof createDynamo>

beforeAll(async () => {
  folder = await makeDataDir()
  const databaseFile = path.join(folder.path, 'dynamodb.sqlite')
  emulator = await startDynamoDb({ databaseFile, clock: systemClock, log: silentLog })
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  db = createDynamo({ dynamodbEndpoint: emulator.url, credentials }, 'background', () => undefined)
})
afterAll(async () => {
  db.destroy()
  await emulator.close()
  await folder[Symbol.asyncDispose]()
})

const SCHEMAS: [TableDefinition, object][] = [
  [
    jobsTable('schema'),
    { TableName: 'schema-jobs', KeySchema: key('jobId'), index: ['work', key('workQueue', 'workOrder')] },
  ],
  [
    uploadsTable('schema'),
    {
      TableName: 'schema-uploads',
      KeySchema: key('uploadId', 'item'),
      index: ['expiry', key('expiryQueue', 'expiryOrder')],
    },
  ],
  [progressTable('schema'), { TableName: 'schema-progress', KeySchema: key('workerId'), index: undefined }],
]

function key(partition: string, sort?: string) {
  const hash = { AttributeName: partition, KeyType: 'HASH' }
  return sort === undefined ? [hash] : [hash, { AttributeName: sort, KeyType: 'RANGE' }]
}

test.each(SCHEMAS)(
  'table %# has its keys, its KEYS_ONLY index, on-demand billing and TTL',
  async (table, wanted) => {
    await Promise.all([ensureTable(db, table), ensureTable(db, table)]) // as when two processes start at once
    await ensureTable(db, table)
    const { Table } = await db.send(new DescribeTableCommand({ TableName: table.name }))
    const [index] = Table?.GlobalSecondaryIndexes ?? []
    expect({
      TableName: Table?.TableName,
      KeySchema: Table?.KeySchema,
      index: index && [index.IndexName, index.KeySchema],
    }).toEqual(wanted)
    if (index) expect(index.Projection?.ProjectionType).toBe('KEYS_ONLY')
    expect(Table?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST')
    const ttl = await db.send(new DescribeTimeToLiveCommand({ TableName: table.name }))
    expect(ttl.TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' })
  },
)

test('a table of that name with another schema is refused, and the message names the difference', async () => {
  await db.send(
    new CreateTableCommand({
      TableName: 'other-jobs',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  )
  const refusal = ensureTable(db, jobsTable('other'))
  await expect(refusal).rejects.toBeInstanceOf(TableMismatch)
  await expect(refusal).rejects.toThrow(/other-jobs exists.*key is id HASH, expected jobId HASH/)
})
