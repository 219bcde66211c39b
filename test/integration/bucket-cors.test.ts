import { GetBucketCorsCommand, PutBucketCorsCommand, type CORSRule } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureCors } from '../../src/aws/index.ts'
import type { Log } from '../../src/kernel/log.ts'
import { openTarget, type S3Target } from '../support/s3.ts'

let target: S3Target
let warnings: string[]
const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_fields, sentence) => warnings.push(sentence),
  error: () => undefined,
}
beforeEach(async () => {
  target = await openTarget()
  warnings = []
})
afterEach(() => target.close())

const rules = async () => {
  const { CORSRules } = await target.client.send(new GetBucketCorsCommand({ Bucket: target.bucket }))
  return CORSRules
}
const setRules = (...CORSRules: CORSRule[]) =>
  target.client.send(new PutBucketCorsCommand({ Bucket: target.bucket, CORSConfiguration: { CORSRules } }))
const ensure = () => ensureCors(target.client, target.bucket, log)

test('a bucket without rules gets one that lets pages send parts and read the ETag, once', async () => {
  await ensure()
  await ensure()
  expect(await rules()).toMatchObject([
    { AllowedMethods: ['PUT'], AllowedOrigins: ['*'], ExposeHeaders: ['ETag'] },
  ])
  expect(warnings).toEqual([])
})

const OPERATORS = { AllowedMethods: ['PUT', 'GET'], AllowedOrigins: ['https://audio.example'] }

test.each([
  ['let parts in', { ...OPERATORS, AllowedHeaders: ['*'] }, []],
  ['name both headers', { ...OPERATORS, AllowedHeaders: ['Content-Type', 'x-amz-*'] }, []],
  ['do not allow the checksum', { ...OPERATORS, AllowedHeaders: ['content-type'] }, ['does not let']],
  [
    'only let read',
    { AllowedMethods: ['GET'], AllowedOrigins: ['*'], AllowedHeaders: ['*'] },
    ['does not let'],
  ],
])('rules of the operator that %s stay as they are', async (_, rule, expected) => {
  await setRules(rule)
  await ensure()
  expect(await rules()).toMatchObject([rule])
  expect(warnings).toHaveLength(expected.length)
  for (const [at, words] of expected.entries()) expect(warnings[at]).toContain(words)
})

test('where rules cannot be read the service starts all the same, and says so', async () => {
  await ensureCors(target.client, 'no-such-bucket', log)
  expect(warnings).toEqual(['CORS of the bucket could not be checked'])
})
