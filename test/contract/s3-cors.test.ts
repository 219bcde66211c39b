import {
  type CORSRule,
  DeleteBucketCorsCommand,
  GetObjectCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openTarget, partNumbers, refused, type S3Target, startUpload } from '../support/s3.ts'
import { type RawAnswer, type RawRequest, send } from '../support/s3-signing.ts'

let s3: S3Target
beforeAll(async () => {
  s3 = await openTarget()
  await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'kept', Body: 'kept' }))
})
afterEach(() => s3.client.send(new DeleteBucketCorsCommand({ Bucket: s3.bucket })))
afterAll(() => s3.close())

const PAGE = 'https://page.example'
const setRules = (...CORSRules: CORSRule[]) =>
  s3.client.send(new PutBucketCorsCommand({ Bucket: s3.bucket, CORSConfiguration: { CORSRules } }))

/** What a browser asks before it lets a page do something. */
const preflight = (origin: string, method: string, headers?: string, key = 'kept') =>
  send(
    s3.endpoint,
    { method: 'OPTIONS', path: `/${s3.bucket}/${key}` },
    {
      origin,
      'access-control-request-method': method,
      ...(headers !== undefined && { 'access-control-request-headers': headers }),
    },
  )
const message = ({ text }: RawAnswer) => /<Message>(.*?)<\/Message>/.exec(text)?.[1]

/** The headers that tell a browser what the page may see. */
const corsOf = ({ headers }: RawAnswer) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === 'vary' || name.startsWith('access-control-')),
  )

describe('a preflight', () => {
  test('is answered by the first rule that allows origin, method and all headers', async () => {
    await setRules(
      { AllowedOrigins: ['https://other.example'], AllowedMethods: ['PUT'], AllowedHeaders: ['*'] },
      { AllowedOrigins: [PAGE], AllowedMethods: ['GET'], AllowedHeaders: ['*'] },
      { AllowedOrigins: [PAGE], AllowedMethods: ['PUT'], AllowedHeaders: ['Content-Type'] },
      {
        AllowedOrigins: [PAGE],
        AllowedMethods: ['PUT', 'HEAD'],
        AllowedHeaders: ['content-type', 'X-Amz-*'],
        ExposeHeaders: ['ETag', 'x-amz-request-id'],
        MaxAgeSeconds: 600,
      },
      { AllowedOrigins: ['*'], AllowedMethods: ['PUT'], AllowedHeaders: ['*'] },
    )
    const answer = await preflight(PAGE, 'PUT', 'Content-Type,x-amz-Checksum-crc32')
    expect([answer.status, answer.text]).toEqual([200, ''])
    expect(corsOf(answer)).toEqual({
      'access-control-allow-origin': PAGE,
      'access-control-allow-methods': 'PUT, HEAD',
      'access-control-allow-headers': 'content-type, x-amz-checksum-crc32',
      'access-control-expose-headers': 'ETag, x-amz-request-id',
      'access-control-max-age': '600',
      'access-control-allow-credentials': 'true',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    })
  })

  test('of any origin is answered with a star, and without leave to send cookies', async () => {
    await setRules({ AllowedOrigins: ['*'], AllowedMethods: ['GET'] })
    expect(corsOf(await preflight(PAGE, 'GET', undefined, 'not/there'))).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    })
  })

  test('may ask about a bucket as well as about a key', async () => {
    await setRules({ AllowedOrigins: [PAGE], AllowedMethods: ['GET'] })
    const asked = { origin: PAGE, 'access-control-request-method': 'GET' }
    const request = { method: 'OPTIONS', path: `/${s3.bucket}`, query: { 'list-type': '2' } }
    expect((await send(s3.endpoint, request, asked)).status).toBe(200)
  })

  test.each(['https://a.page.example:8443', 'https://.page.example:8443'])(
    'of %s fits a pattern with a star',
    async (origin) => {
      await setRules({ AllowedOrigins: ['https://*.page.example:8443'], AllowedMethods: ['GET'] })
      const answer = await preflight(origin, 'GET')
      expect(corsOf(answer)).toMatchObject({ 'access-control-allow-origin': origin })
    },
  )

  test('is forbidden when no rule allows all of it', async () => {
    await setRules(
      { AllowedOrigins: ['https://*.page.example'], AllowedMethods: ['GET'], AllowedHeaders: ['x-a*a'] },
      { AllowedOrigins: [PAGE], AllowedMethods: ['PUT'] },
    )
    for (const asked of [
      preflight('https://page.example.evil', 'PUT'),
      preflight('http://page.example', 'PUT'),
      preflight('https://a.page.example:8443', 'GET'),
      preflight(PAGE, 'GET'),
      preflight(PAGE, 'DELETE'),
      preflight(PAGE, 'PUT', 'content-type'),
      preflight('https://a.page.example', 'GET', 'x-aa, x-ba'),
      preflight('https://a.page.example', 'GET', 'x-a'),
    ]) {
      const answer = await asked
      expect(refused(answer)).toBe('AccessForbidden 403')
      expect(message(answer)).toMatch(/^CORSResponse: This CORS request is not allowed\. /)
      expect(corsOf(answer)).toEqual({})
    }
    expect((await preflight('https://a.page.example', 'GET', 'x-aa, X-AxA')).status).toBe(200)
  })

  test('is forbidden for a bucket without rules', async () => {
    const answer = await preflight(PAGE, 'GET')
    expect(refused(answer)).toBe('AccessForbidden 403')
    expect(message(answer)).toBe('CORSResponse: CORS is not enabled for this bucket.')
  })

  test('is forbidden for a bucket that is not there', async () => {
    const request = { method: 'OPTIONS', path: `/${s3.bucket}-missing/key` }
    const answer = await send(s3.endpoint, request, {
      origin: PAGE,
      'access-control-request-method': 'GET',
    })
    expect(refused(answer)).toBe('AccessForbidden 403')
    expect(message(answer)).toBe('CORSResponse: Bucket not found')
  })

  test('must say who asks for what', async () => {
    await setRules({ AllowedOrigins: ['*'], AllowedMethods: ['GET'] })
    const request = { method: 'OPTIONS', path: `/${s3.bucket}/kept` }
    for (const headers of [{}, { origin: PAGE }, { 'access-control-request-method': 'GET' }])
      expect(refused(await send(s3.endpoint, request, headers))).toBe('BadRequest 400')
  })
})

describe('a request from a page', () => {
  const from = (origin: string, request: RawRequest) =>
    s3.raw({ ...request, headers: { ...request.headers, origin } })
  const seen = {
    'access-control-allow-origin': PAGE,
    'access-control-allow-methods': 'GET, PUT, HEAD, DELETE',
    'access-control-expose-headers': 'ETag',
    'access-control-max-age': '60',
    'access-control-allow-credentials': 'true',
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
  const allow = () =>
    setRules({
      AllowedOrigins: [PAGE],
      AllowedMethods: ['GET', 'PUT', 'HEAD', 'DELETE'],
      AllowedHeaders: ['*'],
      ExposeHeaders: ['ETag'],
      MaxAgeSeconds: 60,
    })

  test('is answered with the headers of its rule, content or not, and also when it is refused', async () => {
    await allow()
    const requests: [number, RawRequest][] = [
      [200, { method: 'GET', path: '/kept' }],
      [206, { method: 'GET', path: '/kept', headers: { range: 'bytes=0-1' } }],
      [304, { method: 'GET', path: '/kept', headers: { 'if-none-match': '*' } }],
      [416, { method: 'GET', path: '/kept', headers: { range: 'bytes=99-' } }],
      [200, { method: 'HEAD', path: '/kept' }],
      [404, { method: 'HEAD', path: '/missing' }],
      [404, { method: 'GET', path: '/missing' }],
      [204, { method: 'DELETE', path: '/missing' }],
      [412, { method: 'PUT', path: '/kept', body: 'x', headers: { 'if-none-match': '*' } }],
    ]
    for (const [status, request] of requests) {
      const answer = await from(PAGE, request)
      expect([request, answer.status, corsOf(answer)]).toEqual([request, status, seen])
    }
  })

  test('learns that its signature is wrong although its body was not read', async () => {
    await allow()
    const upload = {
      bucket: s3.bucket,
      key: 'by-page',
      id: await startUpload(s3.client, s3.bucket, 'by-page'),
    }
    const part = { Bucket: s3.bucket, Key: 'by-page', UploadId: upload.id, PartNumber: 1, ContentLength: 9 }
    const url = new URL(
      await getSignedUrl(s3.client, new UploadPartCommand(part), {
        signableHeaders: new Set(['content-length']),
      }),
    )
    const request = { method: 'PUT', path: url.pathname, query: Object.fromEntries(url.searchParams) }
    const body = Buffer.alloc(4 * 1024 * 1024)
    const answer = await send(s3.endpoint, { ...request, body }, { origin: PAGE })
    expect([refused(answer), corsOf(answer)]).toEqual(['SignatureDoesNotMatch 403', seen])
    expect(await partNumbers(s3.client, upload)).toEqual([])
    const right = await send(s3.endpoint, { ...request, body: 'nine byte' }, { origin: PAGE })
    expect([right.status, corsOf(right)]).toEqual([200, seen])
  })

  test('without a signature is refused with these headers too', async () => {
    await allow()
    const anonymous = await send(s3.endpoint, { method: 'GET', path: `/${s3.bucket}/kept` }, { origin: PAGE })
    expect([refused(anonymous), corsOf(anonymous)]).toEqual(['AccessDenied 403', seen])
  })

  test('is answered without them when no rule is for it, or nobody asked', async () => {
    await allow()
    expect(corsOf(await from('https://other.example', { method: 'GET', path: '/kept' }))).toEqual({})
    expect(corsOf(await from(PAGE, { method: 'POST', path: '/kept', query: { uploads: '' } }))).toEqual({})
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: 'kept' }))
    expect(await Body?.transformToString()).toBe('kept')
    expect(corsOf(await s3.raw({ method: 'GET', path: '/kept' }))).toEqual({})
  })

  test('goes by the method a preflight would ask about, if it says so', async () => {
    await setRules({ AllowedOrigins: [PAGE], AllowedMethods: ['GET'] })
    const headers = { 'access-control-request-method': 'PUT' }
    const answer = await from(PAGE, { method: 'GET', path: '/kept', headers })
    expect([answer.status, corsOf(answer)]).toEqual([200, {}])
  })
})
