import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createHash, randomBytes } from 'node:crypto'
import { TEST_PREFIX } from './leftovers.ts'

/** What the tests need to reach a store. */
export type Access = {
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
}

const OWN_ACCESS: Access = {
  region: 'us-east-1',
  credentials: {
    accessKeyId: 'TESTTESTTESTTEST',
    secretAccessKey: 'a-secret-of-the-tests-and-nothing-else',
  },
}
const AWS = 'aws'

/** The stores that all tests use instead of embedded ones of their own: each a URL, `aws`, or empty. */
const { TEST_DYNAMODB_ENDPOINT: STATE = '', TEST_S3_ENDPOINT: OBJECTS = '' } = process.env
export const stateIsElsewhere = STATE !== ''
export const objectsAreElsewhere = OBJECTS !== ''
export const storesAreElsewhere = stateIsElsewhere || objectsAreElsewhere
/** Whether one is AWS, before which no line of ours can be put: its certificate holds its name. */
export const storesAreAws = STATE === AWS || OBJECTS === AWS

/** Makes names new with every run; within one, a folder has the same ones however often it is opened. */
const { TEST_RUN: RUN = randomBytes(4).toString('hex') } = process.env

/** What the names of the tables and buckets begin with that belong to a folder of this run. */
export const prefixOf = (folder: string): string =>
  `${TEST_PREFIX}${RUN}-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`

/** A bucket of this run that belongs to no folder. */
export const newBucketName = (what: string): string =>
  `${TEST_PREFIX}${RUN}-${what}-${randomBytes(6).toString('hex')}`

/** Undefined: the SDK knows, or `AWS_ENDPOINT_URL_…` tells it. */
export const stateEndpoint = STATE === AWS ? undefined : STATE
export const objectsEndpoint = OBJECTS === AWS ? undefined : OBJECTS

/** For requests made by hand, which need an address. */
export const addressOfObjects = ({ region }: Access): string =>
  objectsEndpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? `https://s3.${region}.amazonaws.com`

/** What the SDK in a program under test has to find in its environment to get to AWS as it does here. */
export function environmentOf({ region, credentials }: Access): Record<string, string> {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_DYNAMODB } = process.env
  return {
    AWS_REGION: region,
    ...(credentials.sessionToken && { AWS_SESSION_TOKEN: credentials.sessionToken }),
    ...(storesAreAws && AWS_ENDPOINT_URL_S3 && { AWS_ENDPOINT_URL_S3 }),
    ...(storesAreAws && AWS_ENDPOINT_URL_DYNAMODB && { AWS_ENDPOINT_URL_DYNAMODB }),
  }
}

/**
 * Region and keys of the environment or, for AWS, whatever the SDK finds. A program has one key pair for both stores, so
 * an embedded one gets it, too; it takes no session tokens.
 */
export async function findAccess(): Promise<Access> {
  const { AWS_REGION: region = OWN_ACCESS.region, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env
  if (!storesAreElsewhere) return OWN_ACCESS
  if (!storesAreAws) {
    const given = AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY
    const keys = { accessKeyId: AWS_ACCESS_KEY_ID ?? '', secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '' }
    return { region, credentials: given ? keys : OWN_ACCESS.credentials }
  }
  const client = new DynamoDBClient({ region })
  const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials()
  if (sessionToken === undefined) return { region, credentials: { accessKeyId, secretAccessKey } }
  if (!objectsAreElsewhere)
    throw new Error('TEST_DYNAMODB_ENDPOINT=aws alone needs the keys of a user: temporary ones will not do.')
  return { region, credentials: { accessKeyId, secretAccessKey, sessionToken } }
}
