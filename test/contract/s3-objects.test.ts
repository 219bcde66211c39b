import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  allKeys,
  FIRST_REGION,
  noise,
  openTarget,
  read,
  refusal,
  refused,
  type S3Target,
} from '../support/s3.ts'
import { send, signRequest } from '../support/s3-signing.ts'

let s3: S3Target
beforeAll(async () => {
  s3 = await openTarget()
})
afterAll(() => s3.close())

const at = (Key: string) => ({ Bucket: s3.bucket, Key })
const put = (key: string, Body: string | Buffer = key) =>
  s3.client.send(new PutObjectCommand({ ...at(key), Body, ContentLength: Buffer.byteLength(Body) }))

describe('buckets', () => {
  test('a bucket that was made is listed and can be found', async () => {
    const { Buckets = [] } = await s3.client.send(new ListBucketsCommand())
    expect(Buckets.map(({ Name }) => Name)).toContain(s3.bucket)
    await s3.client.send(new HeadBucketCommand({ Bucket: s3.bucket }))
  })

  test('making your own bucket again is no error in us-east-1, and one in any other region', async () => {
    const again = s3.client.send(new CreateBucketCommand({ Bucket: s3.bucket }))
    if (s3.signer.region === FIRST_REGION) await again
    else expect(await refusal(again)).toBe('BucketAlreadyOwnedByYou 409')
  })

  test('the location of a bucket is its region, and nothing for us-east-1', async () => {
    const { LocationConstraint } = await s3.client.send(new GetBucketLocationCommand({ Bucket: s3.bucket }))
    expect(LocationConstraint || FIRST_REGION).toBe(s3.signer.region)
  })

  test.each(['ab', 'UPPER', 'under_score', 'dot..dot', '10.0.0.1', '-dash', 'x'.repeat(64)])(
    'no bucket can be called %j',
    async (name) => {
      const request = { method: 'PUT', path: `/${name}` }
      const { headers } = signRequest(s3.endpoint, s3.signer, request)
      expect(refused(await send(s3.endpoint, request, headers))).toBe('InvalidBucketName 400')
    },
  )

  test('a bucket that is not there is told from an object that is not there', async () => {
    const nowhere = { Bucket: `${s3.bucket}-not`, Key: 'a' }
    expect(await refusal(s3.client.send(new GetObjectCommand(nowhere)))).toBe('NoSuchBucket 404')
    expect(await refusal(s3.client.send(new PutObjectCommand({ ...nowhere, Body: 'x' })))).toBe(
      'NoSuchBucket 404',
    )
    expect(await refusal(s3.client.send(new HeadBucketCommand(nowhere)))).toBe('NotFound 404')
    expect(await refusal(s3.client.send(new GetObjectCommand(at('missing'))))).toBe('NoSuchKey 404')
    expect(await refusal(s3.client.send(new HeadObjectCommand(at('missing'))))).toBe('NotFound 404')
  })

  test('a bucket with an object in it cannot be deleted', async () => {
    await put('keeps-the-bucket')
    const removal = s3.client.send(new DeleteBucketCommand({ Bucket: s3.bucket }))
    expect(await refusal(removal)).toBe('BucketNotEmpty 409')
  })
})

describe('objects', () => {
  test('what is read is what was put, with its type, metadata and ETag', async () => {
    const kept = {
      ContentType: 'audio/flac',
      CacheControl: 'private, max-age=60',
      ContentDisposition: 'attachment; filename="a b.flac"',
      ContentEncoding: 'gzip',
      Metadata: { title: 'Kind of Blue', track: '1' },
    }
    await s3.client.send(new PutObjectCommand({ ...at('kept'), ...kept, Body: 'hello world' }))
    const answer = await s3.client.send(new GetObjectCommand(at('kept')))
    expect(answer).toMatchObject({ ...kept, ContentLength: 11, AcceptRanges: 'bytes' })
    expect(answer.ETag).toBe('"5eb63bbbe01eeed093cb22bb8f5acdc3"')
    expect(await answer.Body?.transformToString()).toBe('hello world')
    expect(await s3.client.send(new HeadObjectCommand(at('kept')))).toMatchObject({
      ...kept,
      ContentLength: 11,
    })
  })

  test('an object may be empty', async () => {
    await put('empty', '')
    expect(await read(s3.client, s3.bucket, 'empty')).toHaveLength(0)
  })

  test('the last put of a key wins', async () => {
    await put('twice', 'first')
    await put('twice', 'second')
    expect((await read(s3.client, s3.bucket, 'twice')).toString()).toBe('second')
  })

  test('a deleted object is gone, and deleting it again is no error', async () => {
    await put('short-lived')
    await s3.client.send(new DeleteObjectCommand(at('short-lived')))
    await s3.client.send(new DeleteObjectCommand(at('short-lived')))
    expect(await refusal(s3.client.send(new GetObjectCommand(at('short-lived'))))).toBe('NoSuchKey 404')
  })

  test('many objects are deleted in one call, absent ones too, quietly if asked', async () => {
    await Promise.all(['many/a & <b>', 'many/é\u0001'].map((key) => put(key)))
    const Objects = ['many/a & <b>', 'many/é\u0001', 'many/absent'].map((Key) => ({ Key }))
    const loud = await s3.client.send(new DeleteObjectsCommand({ Bucket: s3.bucket, Delete: { Objects } }))
    expect(loud.Deleted?.map(({ Key }) => Key)).toHaveLength(3)
    const quiet = new DeleteObjectsCommand({ Bucket: s3.bucket, Delete: { Objects, Quiet: true } })
    expect((await s3.client.send(quiet)).Deleted).toBeUndefined()
    expect((await allKeys(s3.client, s3.bucket)).filter((key) => key.startsWith('many/'))).toEqual([])
  })

  test('a reader that is under way gets all of the object although it is overwritten and deleted', async () => {
    const old = noise(24 * 1024 * 1024, 'old')
    await put('moving', old)
    const { Body } = await s3.client.send(new GetObjectCommand(at('moving')))
    await put('moving', 'new')
    await s3.client.send(new DeleteObjectCommand(at('moving')))
    if (!(Body instanceof Readable)) throw new Error('In Node a body is a Readable')
    expect((await buffer(Body)).equals(old)).toBe(true)
  })
})

describe('keys', () => {
  const keys = [
    '../../etc/passwd',
    '.',
    '..',
    './a',
    'a//b',
    '/leading',
    'trailing/',
    'a b',
    'a+b',
    'a%2Fb',
    'a%b',
    'a?b&c=d#e',
    "!*'()~",
    'tab\tnewline\nreturn\r',
    '\u0001\u001f',
    '<&">',
    'ünïcödé',
    '日本語',
    '🎵',
    'x'.repeat(1024),
    'é'.repeat(512),
  ]

  test.each(keys)('the key %j is taken as it is', async (key) => {
    await put(key, `content of ${key}`)
    expect((await read(s3.client, s3.bucket, key)).toString()).toBe(`content of ${key}`)
    expect(await allKeys(s3.client, s3.bucket)).toContain(key)
    await s3.client.send(new DeleteObjectCommand(at(key)))
    expect(await allKeys(s3.client, s3.bucket)).not.toContain(key)
  })

  test('a key of more than 1024 bytes is refused', async () => {
    expect(await refusal(put('é'.repeat(512) + 'x', ''))).toBe('KeyTooLongError 400')
  })
})

describe('streams', () => {
  const body = noise(3 * 1024 * 1024 + 17)

  test.each(['WHEN_SUPPORTED', 'WHEN_REQUIRED'] as const)(
    'a stream of known length is taken by a client that sends checksums %s',
    async (setting) => {
      const settings = { requestChecksumCalculation: setting, responseChecksumValidation: setting }
      const client = s3.newClient(settings)
      const key = `streamed-${setting}`
      const Body = Readable.from([body.subarray(0, 1000), body.subarray(1000)])
      await client.send(
        new PutObjectCommand({ ...at(key), Body, ContentLength: body.length, ContentEncoding: 'gzip' }),
      )
      expect((await read(client, s3.bucket, key)).equals(body)).toBe(true)
      const { ContentEncoding } = await client.send(new HeadObjectCommand(at(key)))
      expect(ContentEncoding).toBe('gzip')
    },
  )
})
