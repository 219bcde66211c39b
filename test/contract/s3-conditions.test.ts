import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noise, openTarget, putPart, read, refusal, type S3Target, startUpload } from '../support/s3.ts'

let s3: S3Target
let etag: string
beforeAll(async () => {
  s3 = await openTarget()
  const { ETag = '' } = await s3.client.send(new PutObjectCommand({ ...at('digits'), Body: '0123456789' }))
  etag = ETag
})
afterAll(() => s3.close())

const at = (Key: string) => ({ Bucket: s3.bucket, Key })
type Conditions = Partial<ConstructorParameters<typeof GetObjectCommand>[0]>
const get = (conditions: Conditions) =>
  s3.client.send(new GetObjectCommand({ ...at('digits'), ...conditions }))

describe('ranges', () => {
  test.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=7-99', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
  ])('%s gives %s', async (Range, text, ContentRange) => {
    const { Body, ...answer } = await get({ Range })
    expect(await Body?.transformToString()).toBe(text)
    expect(answer).toMatchObject({
      ContentRange,
      ContentLength: text.length,
      $metadata: { httpStatusCode: 206 },
    })
  })

  test.each(['bytes=10-', 'bytes=10-11', 'bytes=-0'])('%s lies outside of ten bytes', async (Range) => {
    expect(await refusal(get({ Range }))).toBe('InvalidRange 416')
  })

  test.each(['bytes=0-1,4-5', 'bytes=5-2', 'lines=0-1'])('%s gives the whole object', async (Range) => {
    const { Body, $metadata } = await get({ Range })
    expect($metadata.httpStatusCode).toBe(200)
    expect(await Body?.transformToString()).toBe('0123456789')
  })

  test('a range is only meant while If-Range still holds', async () => {
    const readAs = async (IfRange: string) => {
      const headers = { range: 'bytes=2-4', 'if-range': IfRange }
      const { status, text } = await s3.raw({ method: 'GET', path: '/digits', headers })
      return [status, text]
    }
    expect(await readAs(etag)).toEqual([206, '234'])
    expect(await readAs('"other"')).toEqual([200, '0123456789'])
  })

  test('HEAD tells of a range what GET would give', async () => {
    const head = await s3.client.send(new HeadObjectCommand({ ...at('digits'), Range: 'bytes=2-4' }))
    expect(head).toMatchObject({ ContentLength: 3, ContentRange: 'bytes 2-4/10' })
  })

  test('a range of a multipart object may begin in one part and end in another', async () => {
    const address = { bucket: s3.bucket, key: 'seams', id: await startUpload(s3.client, s3.bucket, 'seams') }
    const bodies = [noise(5 * 1024 * 1024, 'one'), noise(5 * 1024 * 1024, 'two'), noise(1000, 'three')]
    const Parts = await Promise.all(
      bodies.map(async (body, at) => ({
        PartNumber: at + 1,
        ETag: await putPart(s3.client, address, at + 1, body),
      })),
    )
    const completion = { ...at('seams'), UploadId: address.id, MultipartUpload: { Parts } }
    await s3.client.send(new CompleteMultipartUploadCommand(completion))
    const whole = Buffer.concat(bodies)
    for (const [start, end] of [
      [5 * 1024 * 1024 - 3, 5 * 1024 * 1024 + 3],
      [5 * 1024 * 1024, 5 * 1024 * 1024],
      [100, 10 * 1024 * 1024 + 500],
    ] as const) {
      const range = { ...at('seams'), Range: `bytes=${start}-${end}` }
      const { Body } = await s3.client.send(new GetObjectCommand(range))
      const bytes = Buffer.from((await Body?.transformToByteArray()) ?? [])
      expect(bytes.equals(whole.subarray(start, end + 1))).toBe(true)
    }
  })
})

describe('conditions of a read', () => {
  const past = new Date('2001-01-01T00:00:00Z')
  const future = new Date('2999-01-01T00:00:00Z')

  test('If-Match lets the read pass for this ETag only', async () => {
    await get({ IfMatch: etag })
    expect(await refusal(get({ IfMatch: '"other"' }))).toBe('PreconditionFailed 412')
  })

  test('If-None-Match answers 304 for this ETag', async () => {
    expect(await refusal(get({ IfNoneMatch: etag }))).toMatch(/ 304$/)
    await get({ IfNoneMatch: '"other"' })
  })

  test('the dates work the same way, for HEAD too', async () => {
    expect(await refusal(get({ IfModifiedSince: future }))).toMatch(/ 304$/)
    await get({ IfModifiedSince: past })
    expect(await refusal(get({ IfUnmodifiedSince: past }))).toBe('PreconditionFailed 412')
    await get({ IfUnmodifiedSince: future })
    const head = new HeadObjectCommand({ ...at('digits'), IfModifiedSince: future })
    expect(await refusal(s3.client.send(head))).toMatch(/ 304$/)
  })

  test('an ETag weighs more than a date', async () => {
    await get({ IfMatch: etag, IfUnmodifiedSince: past })
    expect(await refusal(get({ IfNoneMatch: etag, IfModifiedSince: past }))).toMatch(/ 304$/)
  })

  test('the headers of the answer can be overridden by a signed request', async () => {
    const answer = await get({
      ResponseContentType: 'audio/mpeg',
      ResponseContentDisposition: 'attachment; filename="söng.mp3"',
      ResponseCacheControl: 'no-store',
    })
    expect(answer).toMatchObject({ ContentType: 'audio/mpeg', CacheControl: 'no-store' })
    expect(answer.ContentDisposition).toMatch(/^attachment; filename=/)
  })
})

describe('conditions of a write', () => {
  const put = (key: string, Body: string, conditions: { IfNoneMatch?: string; IfMatch?: string }) =>
    s3.client.send(new PutObjectCommand({ ...at(key), Body, ...conditions }))

  test('If-None-Match: * writes only where nothing is', async () => {
    await put('new', 'first', { IfNoneMatch: '*' })
    expect(await refusal(put('new', 'second', { IfNoneMatch: '*' }))).toBe('PreconditionFailed 412')
    expect((await read(s3.client, s3.bucket, 'new')).toString()).toBe('first')
  })

  test('of many puts at once that all want to be first, exactly one wins', async () => {
    const bodies = Array.from({ length: 8 }, (_, at) => `writer ${at}`)
    const results = await Promise.allSettled(bodies.map((body) => put('race', body, { IfNoneMatch: '*' })))
    const winners = bodies.filter((_, at) => results[at]?.status === 'fulfilled')
    expect(winners).toHaveLength(1)
    expect((await read(s3.client, s3.bucket, 'race')).toString()).toBe(winners[0])
  })

  test('If-Match replaces the object of that ETag only', async () => {
    const { ETag = '' } = await put('versioned', 'one', {})
    await put('versioned', 'two', { IfMatch: ETag })
    expect(await refusal(put('versioned', 'three', { IfMatch: ETag }))).toBe('PreconditionFailed 412')
    expect(await refusal(put('nothing-there', 'x', { IfMatch: ETag }))).toBe('NoSuchKey 404')
    expect((await read(s3.client, s3.bucket, 'versioned')).toString()).toBe('two')
  })

  test('completing an upload can be bound to an empty place too, and may be tried again elsewhere', async () => {
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(at('new')))
    const address = { bucket: s3.bucket, key: 'new', id: UploadId ?? '' }
    const ETag = await putPart(s3.client, address, 1, Buffer.from('late'))
    const completion = { ...at('new'), UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }
    const bound = s3.client.send(new CompleteMultipartUploadCommand({ ...completion, IfNoneMatch: '*' }))
    expect(await refusal(bound)).toBe('PreconditionFailed 412')
    await s3.client.send(new CompleteMultipartUploadCommand(completion))
    expect((await read(s3.client, s3.bucket, 'new')).toString()).toBe('late')
  })
})
