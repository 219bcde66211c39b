import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3'
import { isMultipartGone } from './multipart-gone.ts'
import { listMultipartUploads } from './owners.ts'

/** What was taken out of the bucket. */
export type Removed = { deletedObjects: number; abortedUploads: number; freedBytes: number }

/** Removes every object and every unfinished multipart upload below a prefix. Safe to repeat. */
export async function emptyPrefix(s3: S3Client, bucket: string, prefix: string): Promise<Removed> {
  const where = { Bucket: bucket, Prefix: prefix }
  const abortedUploads = await abortUploads(s3, where)
  let deletedObjects = 0
  let freedBytes = 0
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, where)) {
    if (Contents.length === 0) continue
    const Objects = Contents.map(({ Key = '' }) => ({ Key }))
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    )
    if (Errors[0]) throw new Error(`${Errors.length} objects could not be deleted: ${Errors[0].Code ?? '?'}`)
    deletedObjects += Contents.length
    freedBytes += Contents.reduce((sum, { Size = 0 }) => sum + Size, 0)
  }
  return { deletedObjects, abortedUploads, freedBytes }
}

async function abortUploads(s3: S3Client, where: { Bucket: string; Prefix: string }): Promise<number> {
  let aborted = 0
  for await (const { Key, UploadId } of listMultipartUploads(s3, where)) {
    const command = new AbortMultipartUploadCommand({ Bucket: where.Bucket, Key, UploadId })
    await s3.send(command).catch((error: unknown) => {
      if (!isMultipartGone(error)) throw error
    })
    aborted += 1
  }
  return aborted
}
