import path from 'node:path'
import { createDynamo, createS3, ensureTable } from '../../src/aws/index.ts'
import { jobsTable } from '../../src/conversions/index.ts'
import { startDynamoDb } from '../../src/embedded/dynamodb/index.ts'
import { startS3Server } from '../../src/embedded/s3/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { progressTable } from '../../src/progress/index.ts'
import { uploadsTable } from '../../src/uploads/index.ts'
import { makeDataDir } from './program.ts'

const credentials = {
  accessKeyId: 'TESTTESTTESTTEST',
  secretAccessKey: 'a-secret-of-the-tests-and-nothing-else',
}

/** Both stand-ins on their own, as stores that several processes share. */
export async function startStores() {
  const folder = await makeDataDir()
  const common = { clock: systemClock, log: silentLog }
  const s3 = await startS3Server({ ...common, directory: path.join(folder.path, 's3'), credentials })
  const dynamodb = await startDynamoDb({ ...common, databaseFile: path.join(folder.path, 'dynamodb.sqlite') })
  const settings = { s3Endpoint: s3.url, dynamodbEndpoint: dynamodb.url, credentials }
  const db = createDynamo(settings, 'background', () => undefined)
  const client = createS3(settings)
  return {
    folder: folder.path,
    db,
    s3: client,
    /** What a process needs in its environment to use them. */
    env: {
      S3_ENDPOINT: s3.url,
      DYNAMODB_ENDPOINT: dynamodb.url,
      S3_BUCKET_NAME: 'shared',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      HOST: '127.0.0.1',
    },
    async [Symbol.asyncDispose]() {
      db.destroy()
      client.destroy()
      await s3.close()
      await dynamodb.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}
export type SharedStores = Awaited<ReturnType<typeof startStores>>

/** Makes the tables for tests that use repositories without a whole program. */
export async function makeTables({ db }: SharedStores, prefix: string): Promise<void> {
  for (const table of [jobsTable(prefix), uploadsTable(prefix), progressTable(prefix)])
    await ensureTable(db, table)
}
