import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { MiddlewareStack } from '@smithy/types'
import { breakCircuit } from './breaker.ts'
import { nameOutages } from './outages.ts'
import { addContentMd5 } from './content-md5.ts'
import { meterCapacity, type CapacityMeter } from './capacity.ts'
import { watchThrottles, type ClientName, type StoreWatch } from './watch.ts'

export type AwsSettings = {
  region?: string | undefined
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined
  dynamodbEndpoint?: string | undefined
  s3Endpoint?: string | undefined
  /** S3 as clients of ours reach it, where that is elsewhere; links are made for it. */
  s3PublicEndpoint?: string | undefined
  watch?: StoreWatch
}

/**
 * How patient a DynamoDB client is. `interactive`: somebody waits for the answer. `background`: the worker can.
 * Times in milliseconds; retries stay in the SDK (standard mode, full jitter) and are wrapped by nothing.
 */
export const PATIENCE = {
  interactive: { connectionTimeout: 500, requestTimeout: 1000, maxAttempts: 2 },
  background: { connectionTimeout: 1000, requestTimeout: 3000, maxAttempts: 4 },
}

/** A document client that throws {@link StoreUnavailable} when the store cannot be reached. */
export function createDynamo(
  settings: AwsSettings,
  patience: keyof typeof PATIENCE,
  meter: CapacityMeter,
): DynamoDBDocumentClient {
  const { maxAttempts, ...times } = PATIENCE[patience]
  const client = new DynamoDBClient({
    ...common(settings, settings.dynamodbEndpoint),
    maxAttempts,
    // Without throwOnRequestTimeout a silent server hangs the call: the SDK then only logs a warning.
    requestHandler: new NodeHttpHandler({ ...times, throwOnRequestTimeout: true }),
  })
  nameOutages(client.middlewareStack, 'state')
  protect(client, patience, settings.watch)
  meterCapacity(client.middlewareStack, meter)
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
}

/** Sockets to S3: parts in flight, downloads and the worker share them. */
const S3_SOCKETS = 200

/**
 * An S3 client for streams of any length: no limit on a whole request, but 30 s of silence ends it.
 * Off AWS: path-style addresses, and checksums only where S3 requires them, since clones lack the new ones.
 */
export function createS3(settings: AwsSettings): S3Client {
  const options = { ...(settings.s3Endpoint && NO_CHECKSUMS), ...s3Common(settings, settings.s3Endpoint) }
  return open(options, 'objects', settings.watch)
}

/** The same, but it adds no checksum to what is sent, on AWS neither: the caller says which a part has. */
export function createPartsS3(settings: AwsSettings): S3Client {
  const options = { ...NO_CHECKSUMS, ...s3Common(settings, settings.s3Endpoint) }
  return open(options, 'parts', settings.watch)
}

/** Makes links for others to follow, and sends nothing. Else their checksum would be that of an empty body. */
export function createSigner(settings: AwsSettings): S3Client {
  const endpoint = settings.s3PublicEndpoint ?? settings.s3Endpoint
  return new S3Client({ ...NO_CHECKSUMS, ...s3Common(settings, endpoint) })
}

/** All that a process talks to its two stores with. */
export type StoreClients = {
  s3: ReturnType<typeof createS3>
  /** For parts of uploads, which have only the checksums that we give them. */
  partsS3: ReturnType<typeof createS3>
  /** Makes links to S3, for others to follow. */
  signer: ReturnType<typeof createS3>
  /** For requests that somebody waits for. */
  interactive: ReturnType<typeof createDynamo>
  /** For the worker and cleanup. */
  background: ReturnType<typeof createDynamo>
  bucket: string
  /** Whether no other process can have these stores. */
  exclusive: boolean
  close: () => Promise<void>
}

const NO_CHECKSUMS = {
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
} as const

/** What fails is thrown; the SDK would also write to the console that it does not retry a stream. */
const silent = () => undefined
const NO_LOG = { debug: silent, info: silent, warn: silent, error: silent }

const s3Common = (settings: AwsSettings, endpoint: string | undefined) => ({
  ...common(settings, endpoint),
  logger: NO_LOG,
  ...(endpoint && { forcePathStyle: true }),
})

function open(
  settings: ConstructorParameters<typeof S3Client>[0],
  name: ClientName,
  watch: StoreWatch | undefined,
): S3Client {
  const client = new S3Client({
    ...settings,
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 2000,
      socketTimeout: 30_000,
      httpAgent: { maxSockets: S3_SOCKETS },
      httpsAgent: { maxSockets: S3_SOCKETS },
    }),
  })
  addContentMd5(client.middlewareStack)
  nameOutages(client.middlewareStack, 'objects')
  protect(client, name, watch)
  return client
}

function protect(client: DynamoDBClient | S3Client, name: ClientName, watch: StoreWatch | undefined): void {
  const stack = client.middlewareStack as MiddlewareStack<object, object>
  breakCircuit(stack, (state) => watch?.breaker(name, state))
  if (watch) watchThrottles(stack, () => watch.throttled(name))
}

/** The SDK wants a region even where none exists; every clone takes this one. */
const REGION_OFF_AWS = 'us-east-1'

function common({ region, credentials }: AwsSettings, endpoint: string | undefined) {
  const name = region ?? (endpoint ? REGION_OFF_AWS : undefined)
  return {
    retryMode: 'standard',
    ...(name && { region: name }),
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
  }
}
