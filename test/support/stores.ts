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

/** A client of a program's S3, where that is embedded by the address it logged and the credentials it keeps. */
export async function s3Of(program: Program, dataDir: string): Promise<S3Client> {
  if (program.stores) return program.stores.s3
  const [, endpoint] = /"url":"(http:[^"]+)"/.exec(program.output()) ?? []
  if (endpoint === undefined) throw new Error('The program did not log where its S3 listens.')
  const text = await readFile(path.join(dataDir, 'credentials.json'), 'utf8')
  const credentials = JSON.parse(text) as { accessKeyId: string; secretAccessKey: string }
  return new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true })
}

/** Everything that lies in the bucket: keys of objects, and ids of unfinished multipart uploads. */
export async function contentsOf(s3: S3Client): Promise<{ keys: string[]; multipartIds: string[] }> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: PROGRAM_BUCKET }))
  const { Uploads = [] }: ListMultipartUploadsOutput = await s3.send(
    new ListMultipartUploadsCommand({ Bucket: PROGRAM_BUCKET }),
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
  const s3 = await s3Of(program, dataDir)
  const before = await contentsOf(s3)
  await run()
  expect(await contentsOf(s3)).toEqual(before)
  expect((await fetch(`${program.url}/api/health/live`)).status).toBe(200)
}
