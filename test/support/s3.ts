import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  paginateListParts,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type S3ServerOptions, startS3Server } from '../../src/embedded/s3/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { addressOfObjects, findAccess, newBucketName, objectsAreElsewhere } from './elsewhere.ts'
import { removeBucket } from './leftovers.ts'
import { type RawAnswer, type RawRequest, send, type Signer, signRequest } from './s3-signing.ts'

/** An S3 to test against, with a bucket of its own. */
export type S3Target = {
  endpoint: string
  signer: Signer
  client: S3Client
  bucket: string
  /** Another client with other settings; closed with the target. */
  newClient(settings: S3ClientConfig): S3Client
  /** Signs and sends a request made by hand; the path starts behind the bucket. */
  raw(request: RawRequest): Promise<RawAnswer>
  close(): Promise<void>
}

export const CREDENTIALS = { accessKeyId: 'TAPEDECKTEST', secretAccessKey: 'not/a+secret' }
/** The region that differs from all others in how buckets are made and located. */
export const FIRST_REGION = 'us-east-1'

/** The S3 of the tests, where that is another one, and else the embedded one on a temporary folder. */
export async function openTarget(): Promise<S3Target> {
  if (!objectsAreElsewhere) return openEmbedded()
  const access = await findAccess()
  return openBucket(addressOfObjects(access), { ...access.credentials, region: access.region })
}

/** The embedded S3 on a temporary folder, whatever the environment says. */
export async function openEmbedded(): Promise<S3Target> {
  const folder = await temporaryFolder()
  const server = await startEmbedded(folder.path)
  return openBucket(server.url, { ...CREDENTIALS, region: FIRST_REGION }, async () => {
    await server.close()
    await folder.remove()
  })
}

export const startEmbedded = (directory: string, settings: Partial<S3ServerOptions> = {}) =>
  startS3Server({ directory, credentials: CREDENTIALS, clock: systemClock, log: silentLog, ...settings })

export async function openBucket(
  endpoint: string,
  signer: Signer,
  afterwards: () => Promise<void> = async () => {},
): Promise<S3Target> {
  const clients: S3Client[] = []
  const keep = (settings: S3ClientConfig): S3Client => {
    const client = newClient(endpoint, signer, settings)
    clients.push(client)
    return client
  }
  const client = keep({})
  const bucket = newBucketName('contract')
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  return {
    ...{ endpoint, signer, client, bucket, newClient: keep },
    raw(request) {
      const whole = { ...request, path: `/${bucket}${request.path}` }
      return send(endpoint, whole, signRequest(endpoint, signer, whole).headers)
    },
    async close() {
      await removeBucket(client, bucket)
      for (const each of clients) each.destroy()
      await afterwards()
    },
  }
}

/** Off AWS: addresses by path, and checksums only where the protocol needs them. */
export const newClient = (
  endpoint: string,
  { region, ...credentials }: Signer,
  settings: S3ClientConfig = {},
): S3Client =>
  new S3Client({
    ...{ endpoint, region, credentials, forcePathStyle: true, logger: silentLog },
    ...{ requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' },
    ...settings,
  })

export async function allKeys(client: S3Client, bucket: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket }))
    keys.push(...Contents.map(({ Key = '' }) => Key))
  return keys
}

export async function read(client: S3Client, bucket: string, key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}

export async function startUpload(client: S3Client, bucket: string, key: string): Promise<string> {
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }))
  return UploadId
}

type PartAddress = { bucket: string; key: string; id: string }

/** Uploads a part and returns its ETag. */
export async function putPart(
  client: S3Client,
  { bucket, key, id }: PartAddress,
  number: number,
  body: Buffer,
): Promise<string> {
  const part = { Bucket: bucket, Key: key, UploadId: id, PartNumber: number, Body: body }
  const { ETag = '' } = await client.send(new UploadPartCommand(part))
  return ETag
}

export async function partNumbers(
  client: S3Client,
  { bucket, key, id }: PartAddress,
): Promise<(number | undefined)[]> {
  const numbers: (number | undefined)[] = []
  const pages = paginateListParts({ client }, { Bucket: bucket, Key: key, UploadId: id })
  for await (const { Parts = [] } of pages) numbers.push(...Parts.map(({ PartNumber }) => PartNumber))
  return numbers
}

/** The S3 error code and status a call ends with, like `NoSuchKey 404`; fails when it ends well. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof S3ServiceException) return `${error.name} ${error.$metadata.httpStatusCode ?? ''}`
    throw error
  }
  throw new Error('The call was not refused')
}

export const refused = ({ code, status }: RawAnswer): string => `${code ?? ''} ${status}`

/** Bytes that look random and are the same for the same seed. */
export function noise(sizeBytes: number, seed = 'noise'): Buffer {
  const block = createHash('shake256', { outputLength: 65_521 }).update(seed).digest()
  return Buffer.alloc(sizeBytes, block)
}

export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'tapedeck-s3-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** The names of all blob files in a data folder of the embedded server. */
export async function blobFiles(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, 'blobs'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}
