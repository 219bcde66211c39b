import {
  DeleteTableCommand,
  DescribeTableCommand,
  paginateListTables,
  ResourceInUseException,
  ResourceNotFoundException,
  waitUntilTableExists,
  waitUntilTableNotExists,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  NoSuchBucket,
  S3Client,
  S3ServiceException,
  type ListBucketsOutput,
  type ListObjectVersionsOutput,
} from '@aws-sdk/client-s3'
import { emptyPrefix, type AwsSettings } from '../../src/aws/index.ts'

/** What the names of all tables and buckets begin with that tests make in stores of others. */
export const TEST_PREFIX = 'td-test-'

/** Clients that take tables and buckets away. They say what a store says: those of the program name outages by it. */
export function openRemovers({ region, credentials, s3Endpoint, dynamodbEndpoint }: AwsSettings) {
  const common = { ...(region && { region }), ...(credentials && { credentials }) }
  const db = new DynamoDBClient({ ...common, ...(dynamodbEndpoint && { endpoint: dynamodbEndpoint }) })
  const s3 = new S3Client({
    ...common,
    ...(s3Endpoint && { endpoint: s3Endpoint, forcePathStyle: true }),
    followRegionRedirects: true, // buckets are listed wherever they are
  })
  const close = () => {
    db.destroy()
    s3.destroy()
  }
  return { db, s3, [Symbol.dispose]: close }
}

/** A table or a bucket of the tests; `madeAt` in milliseconds. */
export type Leftover = { name: string; madeAt: number }

export async function findTables(db: DynamoDBClient, prefix: string): Promise<Leftover[]> {
  const names: string[] = []
  for await (const { TableNames = [] } of paginateListTables({ client: db }, {}))
    names.push(...TableNames.filter((name) => name.startsWith(prefix)))
  const found = await Promise.all(names.map((name) => describe(db, name)))
  return found.filter((one) => one !== undefined)
}

/** Undefined when it is gone meanwhile. */
async function describe(db: DynamoDBClient, name: string): Promise<Leftover | undefined> {
  try {
    const { Table } = await db.send(new DescribeTableCommand({ TableName: name }))
    return { name, madeAt: Table?.CreationDateTime?.getTime() ?? 0 }
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}

export async function findBuckets(s3: S3Client, prefix: string): Promise<Leftover[]> {
  const found: Leftover[] = []
  let next: string | undefined
  do {
    const page: ListBucketsOutput = await s3.send(new ListBucketsCommand({ ContinuationToken: next }))
    for (const { Name: name = '', CreationDate } of page.Buckets ?? [])
      if (name.startsWith(prefix)) found.push({ name, madeAt: CreationDate?.getTime() ?? 0 })
    next = page.ContinuationToken
  } while (next !== undefined)
  return found
}

/** For a table to be there, or to be gone. */
const PATIENCE_S = 300

/** Removes a table, in whatever state it is; one that is gone already is no error. */
export async function removeTable(db: DynamoDBClient, TableName: string): Promise<void> {
  for (;;)
    try {
      await db.send(new DeleteTableCommand({ TableName }))
      return
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return
      if (!(error instanceof ResourceInUseException)) throw error
      // One that is still being made or changed (API reference, DeleteTable).
      await waitUntilTableExists({ client: db, maxWaitTime: PATIENCE_S }, { TableName })
    }
}

/** Resolves when the table is not even listed any more. */
export async function seeTableGone(db: DynamoDBClient, TableName: string): Promise<void> {
  await waitUntilTableNotExists({ client: db, maxWaitTime: PATIENCE_S }, { TableName })
}

/** What a request still brings that was on its way when its sender was killed. */
const TRIES = 3

/** Removes a bucket with all that is in it: objects, their versions, unfinished uploads. */
export async function removeBucket(s3: S3Client, bucket: string): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await emptyPrefix(s3, bucket, '')
      await removeVersions(s3, bucket)
      await s3.send(new DeleteBucketCommand({ Bucket: bucket }))
      return
    } catch (error) {
      if (error instanceof NoSuchBucket) return
      if (!says(error, 'BucketNotEmpty') || tries === TRIES) throw error
    }
}

/** In a bucket with versions a deleted object still lies beneath its marker. */
async function removeVersions(s3: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await versionsOf(s3, Bucket)
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key = '', VersionId }) => ({ Key, VersionId }))
    if (Objects.length === 0) return
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    )
    if (Errors[0]) throw new Error(`${Errors.length} versions could not be deleted: ${Errors[0].Code ?? '?'}`)
  }
}

/** The first thousand; none where the store knows no versions. */
async function versionsOf(s3: S3Client, Bucket: string): Promise<ListObjectVersionsOutput> {
  try {
    return await s3.send(new ListObjectVersionsCommand({ Bucket }))
  } catch (error) {
    if (says(error, 'NotImplemented')) return {}
    throw error
  }
}

const says = (error: unknown, name: string) => error instanceof S3ServiceException && error.name === name
