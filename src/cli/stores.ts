import { stat } from 'node:fs/promises'
import path from 'node:path'
import { ensureBucket, ensureCors, ensureTable, TableMismatch, type AwsSettings } from '../aws/index.ts'
import { createDynamo, createPartsS3, createS3, createSigner } from '../aws/index.ts'
import type { CapacityMeter, StoreClients, StoreWatch } from '../aws/index.ts'
import type { Config } from '../config/index.ts'
import { jobsTable } from '../conversions/index.ts'
import { explain } from '../doctor/index.ts'
import { startDynamoDb } from '../embedded/dynamodb/index.ts'
import { startS3Server } from '../embedded/s3/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { progressTable } from '../progress/index.ts'
import { uploadsTable } from '../uploads/index.ts'
import { ownCredentials } from './credentials.ts'

type Parts = { config: Config; clock: Clock; log: Log; metrics: StoreMetrics }

/** Who is told of what the clients do. */
export type StoreMetrics = { countUnits: CapacityMeter; watch: StoreWatch }

/**
 * Opens the stores that the configuration names; starts the embedded ones. Makes tables and bucket where they are missing.
 * Throws StoresUnusable, TableMismatch, CredentialsDamaged, DataFolderInUse, DataFolderUnusable, DatabaseUnusable,
 * EmulatorMissing.
 */
export async function openStores(parts: Parts): Promise<StoreClients> {
  const stores = await connectStores(parts)
  const { config } = parts
  try {
    await prepare(stores, config.tablePrefix)
    if (config.uploadTransport === 'direct') await ensureCors(stores.s3, stores.bucket, parts.log)
  } catch (error) {
    await stores.close()
    throw stores.exclusive || error instanceof TableMismatch ? error : new StoresUnusable(error)
  }
  return stores
}

/** A store that cannot be reached, or that refuses us. */
export class StoresUnusable extends Error {
  constructor(cause: unknown) {
    const words = `The stores cannot be used: ${explain(cause)}`
    super(`${words}\nThe command \`tapedeck doctor\` says which of them, and what to do.`, { cause })
  }
}

/** The same, but takes the stores as they are. */
export async function connectStores(parts: Parts): Promise<StoreClients> {
  const { config, metrics } = parts
  const meter = metrics.countUnits
  const place = await locate(parts)
  const settings = { ...place.settings, watch: metrics.watch }
  const stores: StoreClients = {
    s3: createS3(settings),
    partsS3: createPartsS3(settings),
    signer: createSigner(settings),
    interactive: createDynamo(settings, 'interactive', meter),
    background: createDynamo(settings, 'background', meter),
    bucket: place.bucket,
    exclusive: config.stores.kind === 'embedded',
    async close() {
      stores.s3.destroy()
      stores.partsS3.destroy()
      stores.interactive.destroy()
      stores.background.destroy()
      await place.close()
    },
  }
  return stores
}

async function prepare({ s3, bucket, background }: StoreClients, prefix: string): Promise<void> {
  const tables = [uploadsTable(prefix), jobsTable(prefix), progressTable(prefix)]
  await Promise.all([ensureBucket(s3, bucket), ...tables.map((table) => ensureTable(background, table))])
}

type Place = { settings: AwsSettings; bucket: string; close: () => Promise<void> }

async function locate(parts: Parts): Promise<Place> {
  const { stores, s3PublicEndpoint } = parts.config
  const close = () => Promise.resolve()
  switch (stores.kind) {
    case 'embedded':
      return startEmbedded(parts)
    case 'endpoints': {
      const { region, s3Endpoint, dynamodbEndpoint, bucket } = stores
      return { settings: { region, s3Endpoint, dynamodbEndpoint, s3PublicEndpoint }, bucket, close }
    }
    case 'aws':
      return { settings: { region: stores.region, s3PublicEndpoint }, bucket: stores.bucket, close }
  }
}

const EMBEDDED_BUCKET = 'tapedeck'

const isOpenToOthers = async (folder: string) => ((await stat(folder)).mode & 0o077) !== 0

/** S3 first: its lock on the data folder says whether another process has it. */
async function startEmbedded({ config, clock, log }: Parts): Promise<Place> {
  const { dataDir } = config
  const credentials = await ownCredentials(dataDir)
  if (await isOpenToOthers(dataDir))
    log.warn({ dataDir }, 'others on this machine can look into the data folder; chmod 700 ends that')
  const s3 = await startS3Server({ directory: path.join(dataDir, 's3'), credentials, clock, log })
  try {
    const databaseFile = path.join(dataDir, 'dynamodb.sqlite')
    const dynamodb = await startDynamoDb({ databaseFile, clock, log })
    return {
      settings: {
        ...{ s3Endpoint: s3.url, dynamodbEndpoint: dynamodb.url, credentials },
        s3PublicEndpoint: config.s3PublicEndpoint,
      },
      bucket: EMBEDDED_BUCKET,
      async close() {
        await s3.close()
        await dynamodb.close()
      },
    }
  } catch (error) {
    await s3.close()
    throw error
  }
}
