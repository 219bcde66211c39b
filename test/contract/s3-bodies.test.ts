import { createHash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { crc32 } from 'node:zlib'
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noise, openTarget, read, refusal, refused, type S3Target } from '../support/s3.ts'
import { chunked, signedChunks } from '../support/s3-chunks.ts'
import { signRequest } from '../support/s3-signing.ts'

let s3: S3Target
beforeAll(async () => {
  s3 = await openTarget()
})
afterAll(() => s3.close())

const BODY = 'the quick brown fox'
const digest = (algorithm: string, data = BODY) => createHash(algorithm).update(data).digest('base64')
const crc = (data: string | Buffer) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(data))
  return bytes.toString('base64')
}
const put = (
  key: string,
  headers: Record<string, string>,
  body: string | Buffer = BODY,
  contentHash?: string,
) => s3.raw({ method: 'PUT', path: `/${key}`, headers, body, ...(contentHash && { contentHash }) })
const isMissing = async (key: string) => (await refusal(read(s3.client, s3.bucket, key))) === 'NoSuchKey 404'

describe('digests in headers', () => {
  const good = {
    'content-md5': digest('md5'),
    'x-amz-checksum-crc32': crc(BODY),
    'x-amz-checksum-sha1': digest('sha1'),
    'x-amz-checksum-sha256': digest('sha256'),
  }
  const bad = {
    'content-md5': digest('md5', 'other'),
    'x-amz-checksum-crc32': crc('other'),
    'x-amz-checksum-sha1': digest('sha1', 'other'),
    'x-amz-checksum-sha256': digest('sha256', 'other'),
  }

  test.each(Object.entries(good))('%s: %s is right', async (name, value) => {
    expect(refused(await put(name, { [name]: value }))).toBe(' 200')
    expect((await read(s3.client, s3.bucket, name)).toString()).toBe(BODY)
  })

  test.each(Object.entries(bad))('%s: %s is wrong, and nothing is stored', async (name, value) => {
    expect(refused(await put(`bad-${name}`, { [name]: value }))).toBe('BadDigest 400')
    expect(await isMissing(`bad-${name}`)).toBe(true)
  })

  test('a digest that is none is refused as such', async () => {
    expect(refused(await put('no-digest', { 'content-md5': 'AAAA' }))).toBe('InvalidDigest 400')
    expect(refused(await put('no-digest', { 'x-amz-checksum-crc32': '!' }))).toBe('InvalidRequest 400')
  })

  test('a bad digest does not touch the object that was there', async () => {
    await put('there', {}, 'before')
    await put('there', { 'content-md5': digest('md5', 'other') }, 'after')
    expect((await read(s3.client, s3.bucket, 'there')).toString()).toBe('before')
  })

  test('a checksum is told to those who ask for it', async () => {
    const target = { Bucket: s3.bucket, Key: 'asked' }
    await s3.client.send(new PutObjectCommand({ ...target, Body: BODY, ChecksumSHA256: digest('sha256') }))
    const asked = await s3.client.send(new HeadObjectCommand({ ...target, ChecksumMode: 'ENABLED' }))
    expect(asked.ChecksumSHA256).toBe(digest('sha256'))
    expect((await s3.client.send(new HeadObjectCommand(target))).ChecksumSHA256).toBeUndefined()
  })
})

describe('digests in trailers', () => {
  const headersFor = (body: string | Buffer) => ({
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': `${Buffer.byteLength(body)}`,
    'x-amz-trailer': 'x-amz-checksum-crc32',
  })
  const unsigned = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'

  test('a right one is taken, wherever the chunks were cut', async () => {
    const body = noise(200_000)
    for (const cut of [1000, 65_536, 200_000]) {
      const wrapped = chunked(body, cut, { 'x-amz-checksum-crc32': crc(body) })
      expect(refused(await put(`cut-${cut}`, headersFor(body), wrapped, unsigned))).toBe(' 200')
      expect((await read(s3.client, s3.bucket, `cut-${cut}`)).equals(body)).toBe(true)
    }
  })

  test('a wrong one is refused, and nothing is stored', async () => {
    const wrapped = chunked(BODY, 5, { 'x-amz-checksum-crc32': crc('other') })
    expect(refused(await put('bad-trailer', headersFor(BODY), wrapped, unsigned))).toBe('BadDigest 400')
    expect(await isMissing('bad-trailer')).toBe(true)
  })
})

describe('signed chunks', () => {
  test('are taken when the whole chain of signatures is right, with and without trailers', async () => {
    const body = noise(150_000)
    for (const trailers of [{}, { 'x-amz-checksum-crc32': crc(body) }]) {
      const { request } = signedChunks(s3, { key: 'chain', body, cut: 65_536, trailers })
      expect(refused(await request())).toBe(' 200')
      expect((await read(s3.client, s3.bucket, 'chain')).equals(body)).toBe(true)
    }
  })

  test('are refused when the data, the order or the trailer was changed', async () => {
    const body = noise(150_000)
    const trailers = { 'x-amz-checksum-crc32': crc(body) }
    const tamper: ((wire: Buffer) => Buffer)[] = [
      (wire) => wire.fill(0, 1000, 1001),
      (wire) => Buffer.from(wire.toString('latin1').replace(/(trailer-signature:)..../, '$10000'), 'latin1'),
      (wire) => Buffer.from(wire.toString('latin1').replace(/(0;chunk-signature=)..../, '$10000'), 'latin1'),
    ]
    for (const change of tamper) {
      const { request } = signedChunks(s3, { key: 'broken-chain', body, cut: 65_536, trailers })
      expect(refused(await request(change))).toBe('SignatureDoesNotMatch 403')
    }
    expect(await isMissing('broken-chain')).toBe(true)
  })
})

describe('bodies cut short', () => {
  test('a client that dies in the middle leaves nothing', async () => {
    const path = `/${s3.bucket}/cut-short`
    const headers = { 'content-length': '1000000' }
    const request = { method: 'PUT', path, headers, contentHash: 'UNSIGNED-PAYLOAD' }
    const signed = signRequest(s3.endpoint, s3.signer, request)
    const dial = s3.endpoint.startsWith('https:') ? httpsRequest : httpRequest
    const { hostname, port } = new URL(s3.endpoint)
    const target = { hostname, port, method: 'PUT', path, headers: signed.headers }
    await new Promise<void>((resolve) => {
      const outgoing = dial(target).on('error', () => resolve())
      outgoing.write(Buffer.alloc(100_000), () => outgoing.destroy(new Error('The client dies')))
    })
    expect(await isMissing('cut-short')).toBe(true)
  })

  test('a body must have a length', async () => {
    const request = { method: 'PUT', path: `/${s3.bucket}/no-length`, contentHash: 'UNSIGNED-PAYLOAD' }
    const { headers } = signRequest(s3.endpoint, s3.signer, request)
    const answer = await fetch(`${s3.endpoint}${request.path}`, {
      ...{ method: 'PUT', headers: withoutHost(headers), duplex: 'half' },
      body: new Blob(['some bytes']).stream(),
    })
    expect([answer.status, /<Code>(.*)<\/Code>/.exec(await answer.text())?.[1]]).toEqual([
      411,
      'MissingContentLength',
    ])
  })
})

const withoutHost = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'host'))
