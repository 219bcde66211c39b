import {
  CreateTableCommand,
  UpdateTimeToLiveCommand,
  type CreateTableCommandInput,
  type TimeToLiveSpecification,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDynamo, ensureTable, type TableDefinition } from '../../src/aws/index.ts'
import { jobsTable } from '../../src/conversions/index.ts'
import { progressTable } from '../../src/progress/index.ts'
import { uploadsTable } from '../../src/uploads/index.ts'
import { startStores, type SharedStores } from '../../test/support/embedded.ts'
import { resources, synth, type Properties } from './synth.ts'

let stores: SharedStores
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores[Symbol.asyncDispose]())

const TYPE = 'AWS::DynamoDB::Table'
const { state } = synth()
const tables = Object.values(resources(state, TYPE))
const named = (name: string): Properties => {
  const found = tables.find(({ TableName }) => TableName === name)
  if (!found) throw new Error(`The template has no table ${name}.`)
  return found
}

test.each([jobsTable, uploadsTable, progressTable].map((of) => [of('tapedeck').name, of] as const))(
  'the program takes %s as the template makes it, and makes and changes nothing',
  async (name, definitionOf) => {
    const own = definitionOf(stores.prefix)
    await make(named(name), own)
    const calls = await callsOf(own)
    expect([...calls].sort()).toEqual(['DescribeTable', 'DescribeTimeToLive'])
  },
)

/** Makes a table of the template under a name of this test. */
async function make(properties: Properties, { name: TableName }: TableDefinition): Promise<void> {
  const { BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = properties
  const shape = { BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes }
  await stores.db.send(new CreateTableCommand({ ...(shape as CreateTableCommandInput), TableName }))
  const TimeToLiveSpecification = properties['TimeToLiveSpecification'] as TimeToLiveSpecification
  await stores.db.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }))
}

/** What the program asks DynamoDB for when it finds this table at start. */
async function callsOf(definition: TableDefinition): Promise<Set<string>> {
  const db = createDynamo(stores.settings, 'background', () => undefined)
  const calls = new Set<string>()
  db.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        calls.add(commandName.replace(/Command$/, ''))
        return next(args)
      },
    { step: 'initialize', priority: 'high' },
  )
  await ensureTable(db, definition)
  db.destroy()
  return calls
}

test('there are three tables: on demand, with time-to-live, recoverable to any second, and they stay', () => {
  expect(tables.map(({ TableName }) => TableName)).toEqual([
    'tapedeck-jobs',
    'tapedeck-uploads',
    'tapedeck-progress',
  ])
  state.allResources(TYPE, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
  for (const table of tables)
    expect(table).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    })
})

test('the prefix names the tables, and protection from deletion can be taken off', () => {
  const other = resources(synth({ prefix: 'studio', deletionProtection: 'false' }).state, TYPE)
  expect(Object.values(other)).toMatchObject([
    { TableName: 'studio-jobs', DeletionProtectionEnabled: false },
    { TableName: 'studio-uploads', DeletionProtectionEnabled: false },
    { TableName: 'studio-progress', DeletionProtectionEnabled: false },
  ])
})
