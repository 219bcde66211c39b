import { RemovalPolicy } from 'aws-cdk-lib'
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb'
import type { Construct } from 'constructs'
import { TTL_ATTRIBUTE, type TableDefinition } from '../../src/aws/index.ts'
import { jobsTable } from '../../src/conversions/index.ts'
import { progressTable } from '../../src/progress/index.ts'
import { uploadsTable } from '../../src/uploads/index.ts'
import type { Options } from './options.ts'

/** A table with the names of what IAM has to allow. */
export type MadeTable = { table: Table; index: string | undefined }
export type Tables = { jobs: MadeTable; uploads: MadeTable; progress: MadeTable }

/** The tables as the program would make them, and what only an operator decides: backups, and that they stay. */
export function makeTables(
  scope: Construct,
  { prefix, deletionProtection }: Pick<Options, 'prefix' | 'deletionProtection'>,
): Tables {
  const make = (id: string, definition: TableDefinition) =>
    makeTable(scope, id, definition, deletionProtection)
  return {
    jobs: make('Jobs', jobsTable(prefix)),
    uploads: make('Uploads', uploadsTable(prefix)),
    progress: make('Progress', progressTable(prefix)),
  }
}

function makeTable(
  scope: Construct,
  id: string,
  { name, key, index }: TableDefinition,
  deletionProtection: boolean,
): MadeTable {
  const table = new Table(scope, id, {
    tableName: name,
    ...keys(key),
    billingMode: BillingMode.PAY_PER_REQUEST,
    timeToLiveAttribute: TTL_ATTRIBUTE,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  if (index) {
    table.addGlobalSecondaryIndex({
      indexName: index.name,
      ...keys(index.key),
      projectionType: ProjectionType.KEYS_ONLY,
    })
  }
  return { table, index: index?.name }
}

const keys = ({ partition, sort }: TableDefinition['key']) => ({
  partitionKey: { name: partition, type: AttributeType.STRING },
  ...(sort !== undefined && { sortKey: { name: sort, type: AttributeType.STRING } }),
})
