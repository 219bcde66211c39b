import {
  GetBucketCorsCommand,
  PutBucketCorsCommand,
  type CORSRule,
  type GetBucketCorsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { Log } from '../kernel/log.ts'
import { matchesWildcard } from '../kernel/wildcard.ts'

/** What a page needs to send a part straight to the bucket and to read the answer. The URL itself is the permission. */
export const PARTS_CORS_RULE = {
  AllowedMethods: ['PUT'],
  AllowedOrigins: ['*'],
  AllowedHeaders: ['content-type', 'x-amz-checksum-crc32'],
  ExposeHeaders: ['ETag'],
  MaxAgeSeconds: 3600,
} satisfies CORSRule

/**
 * Sees to it that browsers may send parts to the bucket: sets a rule where there are none, and only warns where those of
 * the operator do not do, or cannot be read.
 */
export async function ensureCors(s3: S3Client, bucket: string, log: Log): Promise<void> {
  try {
    const found = await lookAtCors(s3, bucket)
    if (found === 'none') {
      await s3.send(
        new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [PARTS_CORS_RULE] } }),
      )
      log.info({ bucket }, 'CORS of the bucket set: pages may send parts to it')
    } else if (found === 'refuses') {
      log.warn({ bucket, needed: PARTS_CORS_RULE }, 'CORS of the bucket does not let pages send parts to it')
    }
  } catch (err) {
    log.warn({ err, bucket, needed: PARTS_CORS_RULE }, 'CORS of the bucket could not be checked')
  }
}

/** Whether browsers may send parts to the bucket: it has no rules, rules that let them, or only others. */
export async function lookAtCors(s3: S3Client, bucket: string): Promise<'none' | 'lets' | 'refuses'> {
  const rules = await rulesOf(s3, bucket)
  if (rules === undefined) return 'none'
  return rules.some(letsPartsIn) ? 'lets' : 'refuses'
}

async function rulesOf(s3: S3Client, bucket: string): Promise<CORSRule[] | undefined> {
  try {
    const answer: GetBucketCorsCommandOutput = await s3.send(new GetBucketCorsCommand({ Bucket: bucket }))
    return answer.CORSRules ?? []
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchCORSConfiguration') return undefined
    throw error
  }
}

/** Origins are not compared: this service does not know where its pages are. */
function letsPartsIn({ AllowedMethods = [], AllowedHeaders = [] }: CORSRule): boolean {
  const allows = (header: string) => AllowedHeaders.some((one) => matchesWildcard(one.toLowerCase(), header))
  return AllowedMethods.includes('PUT') && PARTS_CORS_RULE.AllowedHeaders.every(allows)
}
