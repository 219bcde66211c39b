import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { BlockPublicAccess, Bucket, BucketEncryption, HttpMethods, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { PARTS_CORS_RULE } from '../../src/aws/index.ts'
import type { Options } from './options.ts'

/** Where the program keeps its bytes; src/uploads and src/conversions say so, and a test compares. */
export const PREFIXES = { uploads: 'uploads/', results: 'results/' }

/** An upload lives for six days at most before it is complete (src/uploads/states.ts), and S3 counts whole days. */
const UNFINISHED_DAYS = 8
/** A source is kept for as long as its job waits, a result from the end of its job: cleanup needs time to come first. */
const SPARE_DAYS = 14
const HOURS_PER_DAY = 24

/** Sources and results: encrypted, closed to the public, by TLS only. What cleanup left goes in the end. */
export function makeBucket(
  scope: Construct,
  { bucketName, retentionHours }: Pick<Options, 'bucketName' | 'retentionHours'>,
): Bucket {
  const expiration = Duration.days(Math.ceil(retentionHours / HOURS_PER_DAY) + SPARE_DAYS)
  const { AllowedMethods, AllowedOrigins, AllowedHeaders, ExposeHeaders, MaxAgeSeconds } = PARTS_CORS_RULE
  return new Bucket(scope, 'Bucket', {
    ...(bucketName !== undefined && { bucketName }),
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    cors: [
      {
        allowedMethods: Object.values(HttpMethods).filter((method) => AllowedMethods.includes(method)),
        allowedOrigins: AllowedOrigins,
        allowedHeaders: AllowedHeaders,
        exposedHeaders: ExposeHeaders,
        maxAge: MaxAgeSeconds,
      },
    ],
    lifecycleRules: [
      ...Object.entries(PREFIXES).map(([id, prefix]) => ({ id, prefix, expiration })),
      { id: 'unfinished', abortIncompleteMultipartUploadAfter: Duration.days(UNFINISHED_DAYS) },
    ],
    removalPolicy: RemovalPolicy.RETAIN,
  })
}
