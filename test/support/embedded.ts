import { DeleteTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createDynamo, createS3, ensureTable, type AwsSettings } from '../../src/aws/index.ts'
import { jobsTable } from '../../src/conversions/index.ts'
import { startDynamoDb } from '../../src/embedded/dynamodb/index.ts'
import { startS3Server } from '../../src/embedded/s3/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { progressTable } from '../../src/progress/index.ts'
import { uploadsTable } from '../../src/uploads/index.ts'

const common = { clock: systemClock, log: silentLog }
const OWN_ACCESS = {
  region: 'us-east-1',
  credentials: {
    accessKeyId: 'TESTTESTTESTTEST',
    secretAccessKey: 'a-secret-of-the-tests-and-nothing-else',
  },
}
type Access = typeof OWN_ACCESS

/** The DynamoDB that all state of the tests goes to, if not to an emulator of their own: a URL, or `aws`. */
const ELSEWHERE = process.env['TEST_DYNAMODB_ENDPOINT'] ?? ''
export const stateIsElsewhere = ELSEWHERE !== ''
/** Makes the names of tables new with every run; within one, a folder has the same ones however often it is opened. */
const RUN = randomBytes(8).toString('hex')

export async function makeDataDir(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-test-'))
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

/** Both stores on their own, as several processes share them. In `folder`, if given, which then stays. */
export async function startStores({ folder, bucket = 'shared' }: { folder?: string; bucket?: string } = {}) {
  await using opened = new AsyncDisposableStack()
  const home = folder ?? opened.use(await makeDataDir()).path
  const access = stateIsElsewhere ? await accessTo(ELSEWHERE) : OWN_ACCESS
  // S3 first: its lock says whether the folder, and with that what is stored under its name, is somebody else's.
  const s3 = await startS3Server({ ...common, ...access, directory: path.join(home, 's3') })
  opened.defer(() => s3.close())
  const engine = stateIsElsewhere ? givenEngine(ELSEWHERE, access, home) : await ownEngine(home)
  opened.defer(engine.remove)
  const settings = { ...access, dynamodbEndpoint: engine.url, s3Endpoint: s3.url }
  const db = createDynamo(settings, 'background', () => undefined)
  const client = createS3(settings)
  opened.defer(() => close())
  const close = async () => {
    db.destroy()
    client.destroy()
    await Promise.all([s3.close(), engine.close()])
  }
  const all = opened.move()
  return {
    ...{ folder: home, db, s3: client, settings, bucket },
    /** What the names of all tables begin with. */
    prefix: engine.prefix,
    /** What a process needs in its environment to use them. */
    env: {
      ...{ S3_ENDPOINT: s3.url, DYNAMODB_ENDPOINT: engine.url, DYNAMODB_TABLE_PREFIX: engine.prefix },
      ...{ S3_BUCKET_NAME: bucket, HOST: '127.0.0.1' },
      AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
      AWS_REGION: access.region,
    },
    /** Ends what runs and keeps what is stored. */
    close,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
export type SharedStores = Awaited<ReturnType<typeof startStores>>

/** Makes the tables for tests that use repositories without a whole program. */
export async function makeTables(stores: SharedStores, prefix: string): Promise<void> {
  if (!prefix.startsWith(stores.prefix)) throw new Error(`Tables of ${prefix} would not be removed.`)
  const tables = [jobsTable(prefix), uploadsTable(prefix), progressTable(prefix)]
  await Promise.all(tables.map((table) => ensureTable(stores.db, table)))
}

/** A DynamoDB: `close` ends what was started for it, `remove` also takes out what was stored in it. */
type Engine = { url: string; prefix: string; close: () => Promise<void>; remove: () => Promise<void> }

async function ownEngine(folder: string): Promise<Engine> {
  const emulator = await startDynamoDb({ ...common, databaseFile: path.join(folder, 'dynamodb.sqlite') })
  const close = () => emulator.close()
  return { url: emulator.url, prefix: 'tapedeck', close, remove: close }
}

function givenEngine(where: string, access: Access, folder: string): Engine {
  const url = where === 'aws' ? `https://dynamodb.${access.region}.amazonaws.com` : where
  const prefix = `td-test-${createHash('sha256').update(`${RUN} ${folder}`).digest('hex').slice(0, 12)}`
  const remove = () => removeTables({ ...access, dynamodbEndpoint: url }, prefix)
  return { url, prefix, close: () => Promise.resolve(), remove }
}

/**
 * Region and keys of the environment or, for AWS, whatever the SDK finds. The embedded S3 gets them, too, since a program
 * has one key pair for both stores; it takes no session tokens.
 */
async function accessTo(where: string): Promise<Access> {
  const { AWS_REGION: region = 'us-east-1', AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env
  if (where !== 'aws') {
    const given = AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY
    const keys = { accessKeyId: AWS_ACCESS_KEY_ID ?? '', secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '' }
    return { region, credentials: given ? keys : OWN_ACCESS.credentials }
  }
  const client = new DynamoDBClient({ region })
  const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials()
  if (sessionToken !== undefined)
    throw new Error('TEST_DYNAMODB_ENDPOINT=aws needs the keys of a user: temporary ones will not do.')
  return { region, credentials: { accessKeyId, secretAccessKey } }
}

/** Removes every table of this prefix, also those that programs under test have made. */
async function removeTables(settings: AwsSettings, prefix: string): Promise<void> {
  const db = createDynamo(settings, 'background', () => undefined)
  const names: string[] = []
  let after: string | undefined
  do {
    const page = await db.send(new ListTablesCommand({ ExclusiveStartTableName: after }))
    names.push(...(page.TableNames ?? []).filter((name) => name.startsWith(`${prefix}-`)))
    after = page.LastEvaluatedTableName
  } while (after !== undefined)
  await Promise.all(names.map((TableName) => db.send(new DeleteTableCommand({ TableName }))))
  db.destroy()
}
