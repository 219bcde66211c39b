import { S3Client } from '@aws-sdk/client-s3'
import { Refusal } from './options.ts'

/**
 * Region and keys as the SDK finds them, for the environment of the suites: programs under test see no profile. Throws a
 * {@link Refusal} when there are none.
 */
export async function suiteEnvironment(run: string): Promise<Record<string, string | undefined>> {
  const { config } = new S3Client({})
  const region = await config.region().catch(() => {
    throw new Refusal('There is no region: set AWS_REGION, or one in the profile that AWS_PROFILE names.')
  })
  const keys = await config.credentials().catch((error: unknown) => {
    throw new Refusal(`There are no AWS credentials: ${error instanceof Error ? error.message : '?'}`)
  })
  return {
    ...process.env,
    AWS_PROFILE: undefined, // else the SDK would prefer it to the keys
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
    ...{ TEST_DYNAMODB_ENDPOINT: 'aws', TEST_S3_ENDPOINT: 'aws', TEST_RUN: run },
  }
}
