import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'

/** Asks the bucket for one name. A refusal throws and says why, which that of a HeadBucket, having no body, cannot. */
export async function askBucket(s3: S3Client, bucket: string): Promise<void> {
  await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }))
}
