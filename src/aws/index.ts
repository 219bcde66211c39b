/** S3 and DynamoDB: clients, tables, buckets, and what their errors mean. Knows no feature. */
export { ensureBucket, bucketExists } from './bucket.ts'
export type { CapacityMeter } from './capacity.ts'
export { createDynamo, createS3, type AwsSettings } from './clients.ts'
export { orConditionFailed, type ConditionFailed } from './conditions.ts'
export { emptyPrefix, type Removed } from './empty-prefix.ts'
export { attributeNames, conditionalUpdate, projection, type Condition } from './expressions.ts'
export { httpStatus, StoreUnavailable } from './outages.ts'
export { ensureTable, TableMismatch, type TableDefinition } from './tables.ts'
