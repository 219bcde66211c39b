/** Where state and bytes are kept. `reason` says which setting decided it. */
export type StoreMode =
  | { kind: 'embedded'; reason: string }
  | {
      kind: 'endpoints'
      reason: string
      s3Endpoint: string | undefined
      dynamodbEndpoint: string | undefined
      region: string | undefined
      bucket: string
    }
  | { kind: 'aws'; reason: string; region: string | undefined; bucket: string }

/** Settings that mean "use AWS": what the SDK's own credential chain reads, and our bucket. */
const AWS_SIGNS = [
  'S3_BUCKET_NAME',
  'AWS_REGION',
  'AWS_PROFILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_ROLE_ARN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
]

/** No AWS setting and no endpoint: embedded stores. Endpoints given: those. Otherwise AWS. */
export function detectStores(env: Record<string, string | undefined>): StoreMode | { problem: string } {
  const { S3_ENDPOINT: s3Endpoint, DYNAMODB_ENDPOINT: dynamodbEndpoint, S3_BUCKET_NAME: bucket } = env
  const region = env['AWS_REGION']
  const endpoint = s3Endpoint ? 'S3_ENDPOINT' : dynamodbEndpoint ? 'DYNAMODB_ENDPOINT' : undefined
  const sign = endpoint ?? AWS_SIGNS.find((name) => env[name])
  if (!sign) return { kind: 'embedded', reason: 'no AWS setting and no endpoint is given' }
  const reason = `${sign} is set`
  if (!bucket) return { problem: missingBucket(sign) }
  if (endpoint) return { kind: 'endpoints', reason, s3Endpoint, dynamodbEndpoint, region, bucket }
  return { kind: 'aws', reason, region, bucket }
}

const missingBucket = (sign: string) =>
  `S3_BUCKET_NAME: must name a bucket, because ${sign} is set and so the embedded stores are off. ` +
  `To run with embedded stores, unset ${sign}.`
