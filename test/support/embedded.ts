import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createDynamo, createS3, ensureTable } from '../../src/aws/index.ts'
import { jobsTable } from '../../src/conversions/index.ts'
import { startDynamoDb } from '../../src/embedded/dynamodb/index.ts'
import { startS3Server } from '../../src/embedded/s3/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { progressTable } from '../../src/progress/index.ts'
import { uploadsTable } from '../../src/uploads/index.ts'
import * as elsewhere from './elsewhere.ts'
import { findBuckets, findTables, openRemovers, removeBucket, removeTable } from './leftovers.ts'

const common = { clock: systemClock, log: silentLog }

export async function makeDataDir(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-test-'))
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

/** Both stores on their own, as several processes share them. In `folder`, if given, which then stays. */
export async function startStores({ folder, bucket = 'shared' }: { folder?: string; bucket?: string } = {}) {
  await using opened = new AsyncDisposableStack()
  const home = folder ?? opened.use(await makeDataDir()).path
  const access = await elsewhere.findAccess()
  // S3 first: its lock says whether the folder, and with that what is stored under its name, is somebody else's.
  const objects = await openObjects(access, { home, bucket })
  opened.defer(objects.remove)
  const state = await openState(access, home)
  opened.defer(state.remove)
  const settings = { ...access, dynamodbEndpoint: state.endpoint, s3Endpoint: objects.endpoint }
  const db = createDynamo(settings, 'background', () => undefined)
  const client = createS3(settings)
  opened.defer(() => close())
  const close = async () => {
    db.destroy()
    client.destroy()
    await Promise.all([objects.close(), state.close()])
  }
  const all = opened.move()
  return {
    ...{ folder: home, db, s3: client, settings, bucket: objects.name },
    /** What the names of all tables begin with. */
    prefix: state.name,
    /** What a process needs in its environment to use them. */
    env: {
      ...elsewhere.environmentOf(access),
      ...(objects.endpoint !== undefined && { S3_ENDPOINT: objects.endpoint }),
      ...(state.endpoint !== undefined && { DYNAMODB_ENDPOINT: state.endpoint }),
      ...{ S3_BUCKET_NAME: objects.name, DYNAMODB_TABLE_PREFIX: state.name, HOST: '127.0.0.1' },
      AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
      DOWNLOAD_TRANSPORT: 'proxy', // what a program does by itself that has no AWS
    },
    /** Where they listen, for a line of ours before one of them. Throws where that is AWS. */
    get endpoints() {
      if (objects.endpoint === undefined || state.endpoint === undefined)
        throw new Error('No line can be put before AWS.')
      return { s3: objects.endpoint, dynamodb: state.endpoint }
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

/** One of the two: `close` ends what was started for it, `remove` also takes out what was stored in it. */
type Store = {
  endpoint: string | undefined
  /** Of the bucket, or what those of the tables begin with. */
  name: string
  close: () => Promise<void>
  remove: () => Promise<void>
}
type Access = elsewhere.Access

async function openObjects(
  access: Access,
  { home, bucket }: { home: string; bucket: string },
): Promise<Store> {
  if (!elsewhere.objectsAreElsewhere) {
    const server = await startS3Server({ ...common, ...access, directory: path.join(home, 's3') })
    const close = () => server.close()
    return { endpoint: server.url, name: bucket, close, remove: close }
  }
  const endpoint = elsewhere.objectsEndpoint
  const prefix = elsewhere.prefixOf(home)
  const remove = () => removeBuckets(access, prefix)
  return { endpoint, name: `${prefix}-${bucket}`, close: () => Promise.resolve(), remove }
}

async function openState(access: Access, home: string): Promise<Store> {
  if (!elsewhere.stateIsElsewhere) {
    const emulator = await startDynamoDb({ ...common, databaseFile: path.join(home, 'dynamodb.sqlite') })
    const close = () => emulator.close()
    return { endpoint: emulator.url, name: 'tapedeck', close, remove: close }
  }
  const endpoint = elsewhere.stateEndpoint
  const name = elsewhere.prefixOf(home)
  return { endpoint, name, close: () => Promise.resolve(), remove: () => removeTables(access, name) }
}

/** Removes every bucket of this prefix, also those that programs under test have made. */
async function removeBuckets(access: Access, prefix: string): Promise<void> {
  using clients = openRemovers({ ...access, s3Endpoint: elsewhere.objectsEndpoint })
  for (const { name } of await findBuckets(clients.s3, prefix)) await removeBucket(clients.s3, name)
}

async function removeTables(access: Access, prefix: string): Promise<void> {
  using clients = openRemovers({ ...access, dynamodbEndpoint: elsewhere.stateEndpoint })
  const { db } = clients
  await Promise.all((await findTables(db, `${prefix}-`)).map(({ name }) => removeTable(db, name)))
}
