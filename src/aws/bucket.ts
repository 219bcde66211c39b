import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  type BucketLocationConstraint,
  type S3Client,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { httpStatus } from './outages.ts'

/** Makes sure the bucket is there; creates it where it is not. Safe to call from many processes at once. */
export async function ensureBucket(s3: S3Client, bucket: string): Promise<void> {
  if (await bucketExists(s3, bucket).catch(() => askBucket(s3, bucket))) return
  const region = await s3.config.region()
  // us-east-1 is the one region that must not be named (S3 API reference, CreateBucket).
  const constraint = { LocationConstraint: region as BucketLocationConstraint }
  try {
    await s3.send(
      new CreateBucketCommand({
        Bucket: bucket,
        ...(region !== 'us-east-1' && { CreateBucketConfiguration: constraint }),
      }),
    )
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error
  }
}

/** Whether the bucket answers. */
export async function bucketExists(s3: S3Client, bucket: string): Promise<boolean> {
  try {
    await s3.send(new HeadBucketCommand({ Bucket: bucket }))
    return true
  } catch (error) {
    if (httpStatus(error) === 404) return false
    throw error
  }
}

/** Asks the bucket for one name. A refusal throws and says why, which that of a HeadBucket, having no body, cannot. */
export async function askBucket(s3: S3Client, bucket: string): Promise<true> {
  await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }))
  return true
}

/** The origin that links of this signer lead to, as in `https://bucket.s3.eu-central-1.amazonaws.com`. */
export async function bucketOrigin(signer: S3Client, bucket: string): Promise<string> {
  const link = await getSignedUrl(signer, new GetObjectCommand({ Bucket: bucket, Key: 'any' }))
  return new URL(link).origin
}
