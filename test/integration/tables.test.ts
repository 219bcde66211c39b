import { CreateTableCommand, DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureTable, TableMismatch } from '../../src/aws/index.ts'
import { jobsTable } from '../../src/conversions/index.ts'
import { progressTable } from '../../src/progress/index.ts'
import { uploadsTable } from '../../src/uploads/index.ts'
import { startStores, type SharedStores } from '../support/embedded.ts'

let stores: SharedStores

beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores[Symbol.asyncDispose]())

const SCHEMAS = [
  ['jobs', jobsTable, { KeySchema: key('jobId'), index: ['work', key('workQueue', 'workOrder')] }],
  [
    'uploads',
    uploadsTable,
    { KeySchema: key('uploadId', 'item'), index: ['expiry', key('expiryQueue', 'expiryOrder')] },
  ],
  ['progress', progressTable, { KeySchema: key('workerId'), index: undefined }],
] as const

function key(partition: string, sort?: string) {
  const hash = { AttributeName: partition, KeyType: 'HASH' }
  return sort === undefined ? [hash] : [hash, { AttributeName: sort, KeyType: 'RANGE' }]
}

test.each(SCHEMAS)(
  'the table of %s has its keys, its KEYS_ONLY index, on-demand billing and TTL',
  async (name, definitionOf, wanted) => {
    const { db, prefix } = stores
    const table = definitionOf(prefix)
    expect(table.name).toBe(`${prefix}-${name}`)
    await Promise.all([ensureTable(db, table), ensureTable(db, table)]) // as when two processes start at once
    await ensureTable(db, table)
    const { Table } = await db.send(new DescribeTableCommand({ TableName: table.name }))
    const [index] = Table?.GlobalSecondaryIndexes ?? []
    expect({
      KeySchema: Table?.KeySchema,
      index: index && [index.IndexName, index.KeySchema],
    }).toEqual(wanted)
    if (index) expect(index.Projection?.ProjectionType).toBe('KEYS_ONLY')
    expect(Table?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST')
    const ttl = await db.send(new DescribeTimeToLiveCommand({ TableName: table.name }))
    expect(ttl.TimeToLiveDescription).toMatchObject({ AttributeName: 'ttl' })
    expect(ttl.TimeToLiveDescription?.TimeToLiveStatus).toMatch(/^ENABL(ED|ING)$/) // on AWS it takes up to an hour
  },
)

test('a table of that name with another schema is refused, and the message names the difference', async () => {
  const { db, prefix } = stores
  await db.send(
    new CreateTableCommand({
      TableName: `${prefix}-other-jobs`,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  )
  const refusal = ensureTable(db, jobsTable(`${prefix}-other`))
  await expect(refusal).rejects.toBeInstanceOf(TableMismatch)
  await expect(refusal).rejects.toThrow(/other-jobs exists.*key is id HASH, expected jobId HASH/)
})
