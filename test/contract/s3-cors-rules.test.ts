import { createHash } from 'node:crypto'
import {
  type CORSRule,
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
} from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openTarget, refusal, refused, type S3Target } from '../support/s3.ts'

let s3: S3Target
beforeAll(async () => {
  s3 = await openTarget()
})
afterEach(() => s3.client.send(new DeleteBucketCorsCommand({ Bucket: s3.bucket })))
afterAll(() => s3.close())

const PAGE = 'https://page.example'
const setRules = (...CORSRules: CORSRule[]) =>
  s3.client.send(new PutBucketCorsCommand({ Bucket: s3.bucket, CORSConfiguration: { CORSRules } }))
const getRules = async () => (await s3.client.send(new GetBucketCorsCommand({ Bucket: s3.bucket }))).CORSRules

describe('the rules of a bucket', () => {
  test('are kept as they were sent until they are deleted', async () => {
    const rules = [
      {
        ID: 'uploads & "more"',
        AllowedOrigins: [PAGE, 'http://*.example'],
        AllowedMethods: ['PUT', 'GET'],
        AllowedHeaders: ['x-AMZ-*', '*'],
        ExposeHeaders: ['ETag', 'x-amz-checksum-crc32'],
        MaxAgeSeconds: 3000,
      },
      { AllowedOrigins: ['*'], AllowedMethods: ['HEAD', 'POST', 'DELETE'] },
    ]
    expect(await refusal(getRules())).toBe('NoSuchCORSConfiguration 404')
    await setRules(...rules)
    expect(await getRules()).toEqual(rules)
    const second = { AllowedOrigins: [PAGE], AllowedMethods: ['GET'] }
    await setRules(second)
    expect(await getRules()).toEqual([second])
    await s3.client.send(new DeleteBucketCorsCommand({ Bucket: s3.bucket }))
    expect(await refusal(getRules())).toBe('NoSuchCORSConfiguration 404')
    await s3.client.send(new DeleteBucketCorsCommand({ Bucket: s3.bucket }))
  })

  test('need a bucket', async () => {
    const Bucket = `${s3.bucket}-missing`
    const CORSConfiguration = { CORSRules: [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }] }
    for (const call of [
      () => s3.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration })),
      () => s3.client.send(new GetBucketCorsCommand({ Bucket })),
      () => s3.client.send(new DeleteBucketCorsCommand({ Bucket })),
    ])
      expect(await refusal(call())).toBe('NoSuchBucket 404')
  })

  test('are one to a hundred, each with an origin and a method, in well-formed XML', async () => {
    const rule = { AllowedOrigins: ['*'], AllowedMethods: ['GET'] }
    await setRules(...Array.from({ length: 100 }, () => rule))
    expect(await getRules()).toHaveLength(100)
    for (const rules of [
      [],
      Array.from({ length: 101 }, () => rule),
      [{ ...rule, AllowedOrigins: [] }],
      [{ ...rule, AllowedMethods: [] }],
    ])
      expect(await refusal(setRules(...rules))).toBe('MalformedXML 400')
    for (const body of ['no XML', '<CORSConfiguration>', '<Rules/>']) {
      const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
      const answer = await s3.raw({ method: 'PUT', path: '', query: { cors: '' }, headers, body })
      expect([body, refused(answer)]).toEqual([body, 'MalformedXML 400'])
    }
    expect(await getRules()).toHaveLength(100)
  })

  test.each([
    [
      { AllowedMethods: ['GET', 'PATCH'] },
      'Found unsupported HTTP method in CORS config. Unsupported method is PATCH',
    ],
    [{ AllowedOrigins: ['*.example.*'] }, 'AllowedOrigin "*.example.*" can not have more than one wildcard.'],
    [{ AllowedHeaders: ['x-*-*'] }, 'AllowedHeader "x-*-*" can not have more than one wildcard.'],
    [{ ExposeHeaders: ['x-*'] }, 'ExposeHeader "x-*" contains wildcard.'],
  ])('cannot say %o', async (part: Partial<CORSRule>, why) => {
    const call = setRules({ AllowedOrigins: [PAGE], AllowedMethods: ['GET'], ...part })
    await expect(call).rejects.toMatchObject({ name: 'InvalidRequest', $metadata: { httpStatusCode: 400 } })
    await expect(call).rejects.toThrow(why)
    expect(await refusal(getRules())).toBe('NoSuchCORSConfiguration 404')
  })
})
