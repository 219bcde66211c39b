import {
  GetBucketLifecycleConfigurationCommand,
  type GetBucketLifecycleConfigurationCommandOutput,
  type LifecycleRule,
  type S3Client,
} from '@aws-sdk/client-s3'

/**
 * After how many days S3 itself removes an unfinished multipart upload of this key; undefined when it never does.
 * Changes nothing.
 */
export async function abortsAfterDays(
  s3: S3Client,
  bucket: string,
  key: string,
): Promise<number | undefined> {
  const days = (await rulesOf(s3, bucket))
    .filter((rule) => rule.Status === 'Enabled' && covers(rule, key))
    .flatMap(({ AbortIncompleteMultipartUpload: abort }) => abort?.DaysAfterInitiation ?? [])
  return days.length === 0 ? undefined : Math.min(...days)
}

async function rulesOf(s3: S3Client, bucket: string): Promise<LifecycleRule[]> {
  try {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket })
    const answer: GetBucketLifecycleConfigurationCommandOutput = await s3.send(command)
    return answer.Rules ?? []
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchLifecycleConfiguration') return []
    throw error
  }
}

/** Rules that end uploads choose by prefix alone: parts have no tags yet (S3 API reference, LifecycleRule). */
const covers = ({ Filter: filter }: LifecycleRule, key: string) =>
  filter?.Tag === undefined && filter?.And === undefined && key.startsWith(filter?.Prefix ?? '')
