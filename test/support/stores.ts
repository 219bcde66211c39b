import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
  type ListMultipartUploadsOutput,
} from '@aws-sdk/client-s3'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'vitest'
import { PROGRAM_BUCKET, type Program } from './program.ts'

/** A bucket, and who may look into it. */
type Objects = { s3: S3Client; bucket: string }

/** The bucket of a program, and a client of its S3, where that is embedded by the address it logged and the credentials it keeps. */
export async function objectsOf(program: Program, dataDir: string): Promise<Objects> {
  if (program.stores) return program.stores
  const [, endpoint] = /"url":"(http:[^"]+)"/.exec(program.output()) ?? []
  if (endpoint === undefined) throw new Error('The program did not log where its S3 listens.')
  const text = await readFile(path.join(dataDir, 'credentials.json'), 'utf8')
  const credentials = JSON.parse(text) as { accessKeyId: string; secretAccessKey: string }
  const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true })
  return { s3, bucket: PROGRAM_BUCKET }
}

/** Keys of objects, and ids of unfinished multipart uploads. */
type Contents = { keys: string[]; multipartIds: string[] }

/** Everything that lies in the bucket. */
export async function contentsOf({ s3, bucket }: Objects): Promise<Contents> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }))
  const { Uploads = [] }: ListMultipartUploadsOutput = await s3.send(
    new ListMultipartUploadsCommand({ Bucket: bucket }),
  )
  return {
    keys: Contents.map(({ Key = '' }) => Key),
    multipartIds: Uploads.map(({ UploadId = '' }) => UploadId),
  }
}

/** What refusals must leave: the bucket as it was, and a program that answers. */
export async function leavingNothing(
  program: Program,
  dataDir: string,
  run: () => Promise<void>,
): Promise<void> {
  const objects = await objectsOf(program, dataDir)
  const before = await contentsOf(objects)
  await run()
  expect(await contentsOf(objects)).toEqual(before)
  expect((await fetch(`${program.url}/api/health/live`)).status).toBe(200)
}
