import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createS3, ensureBucket, ensureCors } from '../../src/aws/index.ts'
import { PREFIXES } from '../lib/bucket.ts'
import { PutBucketCorsCommand, type CORSRule } from '@aws-sdk/client-s3'
import { startStores } from '../../test/support/embedded.ts'
import { resources, statements, synth, type Properties } from './synth.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFile(path.join(ROOT, file), 'utf8')

function bucketWith(context: Record<string, unknown> = {}): Properties {
  const [bucket] = Object.values(resources(synth(context).state, 'AWS::S3::Bucket'))
  if (!bucket) throw new Error('The template has no bucket.')
  return bucket
}

test('the bucket is encrypted, closed to the public, without access lists, and stays', () => {
  expect(bucketWith()).toMatchObject({
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
  })
  synth().state.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
})

test('nobody reaches it without TLS 1.2', () => {
  const refused = statements(synth().state, 'AWS::S3::BucketPolicy')
  expect(refused).toMatchObject([
    { Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    { Effect: 'Deny', Action: 's3:*', Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } },
  ])
  for (const { Principal, Resource } of refused) {
    expect(Principal).toEqual({ AWS: '*' })
    expect(Resource).toHaveLength(2) // the bucket and what is in it
  }
})

test('the program finds its CORS rule in the bucket, and neither sets one nor warns', async () => {
  await using stores = await startStores()
  await ensureBucket(stores.s3, stores.bucket)
  await stores.s3.send(
    new PutBucketCorsCommand({ Bucket: stores.bucket, CORSConfiguration: corsOf(bucketWith()) }),
  )
  const told: string[] = []
  const tell = (_: object, sentence: string) => void told.push(sentence)
  const s3 = createS3(stores.settings)
  await ensureCors(s3, stores.bucket, { debug: tell, info: tell, warn: tell, error: tell })
  s3.destroy()
  expect(told).toEqual([])
})

/** CloudFormation has other names for two of the fields. */
function corsOf({ CorsConfiguration }: Properties): { CORSRules: CORSRule[] } {
  const { CorsRules } = CorsConfiguration as { CorsRules: Record<string, unknown>[] }
  const CORSRules = CorsRules.map(({ ExposedHeaders, MaxAge, ...rest }) => {
    return {
      ...(rest as unknown as CORSRule),
      ExposeHeaders: ExposedHeaders as string[],
      MaxAgeSeconds: Number(MaxAge),
    }
  })
  return { CORSRules }
}

test('the prefixes of the lifecycle are those of the program', async () => {
  expect(await read('src/uploads/upload.ts')).toContain(`UPLOADS = '${PREFIXES.uploads}'`)
  expect(await read('src/conversions/job.ts')).toContain(`RESULTS = '${PREFIXES.results}'`)
})

type Rule = { Prefix?: string; ExpirationInDays?: number; AbortIncompleteMultipartUpload?: object }
const rulesWith = (retentionHours: number): Rule[] => {
  const { LifecycleConfiguration } = bucketWith({ retentionHours })
  return (LifecycleConfiguration as { Rules: Rule[] }).Rules
}

test.each([1, 24, 25, 24 * 30])(
  'the lifecycle is the last net: with %i hours of retention it comes two weeks after cleanup',
  (retentionHours) => {
    const rules = rulesWith(retentionHours)
    expect(rules.map(({ Prefix }) => Prefix)).toEqual(['uploads/', 'results/', undefined])
    for (const { ExpirationInDays: days = 0 } of rules.slice(0, 2)) {
      expect(days * 24 - retentionHours).toBeGreaterThanOrEqual(14 * 24)
      expect(days * 24 - retentionHours).toBeLessThan(15 * 24)
    }
  },
)

test('unfinished multipart uploads outlive the longest upload, and not by much', async () => {
  const [, days = '0'] =
    /LONGEST_LIFE_MS = (\d+) \* 24 \* HOUR_MS/.exec(await read('src/uploads/states.ts')) ?? []
  expect(Number(days)).toBe(6)
  expect(rulesWith(24).at(2)).toMatchObject({
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: Number(days) + 2 },
    Status: 'Enabled',
  })
})
