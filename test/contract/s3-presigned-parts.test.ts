import { crc32 } from 'node:zlib'
import {
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openTarget, refused, type S3Target } from '../support/s3.ts'
import { send } from '../support/s3-signing.ts'

let s3: S3Target
beforeAll(async () => {
  s3 = await openTarget()
})
afterAll(() => s3.close())

const BODY = 'exactly these bytes'
const crc = (data: string) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(data))
  return bytes.toString('base64')
}

let target: { Bucket: string; Key: string; UploadId: string }
beforeEach(async () => {
  const object = { Bucket: s3.bucket, Key: 'parts' }
  const creation = new CreateMultipartUploadCommand({ ...object, ChecksumAlgorithm: 'CRC32' })
  const { UploadId = '' } = await s3.client.send(creation)
  target = { ...object, UploadId }
})

const part = () =>
  new UploadPartCommand({ ...target, PartNumber: 1, ContentLength: BODY.length, ChecksumCRC32: crc(BODY) })
const CHECKSUM = 'x-amz-checksum-crc32'

/** What a browser does with such an address. */
const put = (url: string, body: string, headers: Record<string, string> = {}) => {
  const { pathname: path, searchParams } = new URL(url)
  const length = { 'content-length': `${Buffer.byteLength(body)}` }
  const request = { method: 'PUT', path, query: Object.fromEntries(searchParams), body }
  return send(s3.endpoint, request, { ...length, ...headers })
}
const stored = async () => {
  const { Parts = [] } = await s3.client.send(new ListPartsCommand(target))
  return Parts.map(({ PartNumber, Size, ChecksumCRC32 }) => ({ PartNumber, Size, ChecksumCRC32 }))
}
const DONE = [{ PartNumber: 1, Size: BODY.length, ChecksumCRC32: crc(BODY) }]

describe('an address for one part, of signed length and checksum', () => {
  const sign = (settings: { expiresIn?: number; signingDate?: Date } = {}) =>
    getSignedUrl(s3.client, part(), {
      signableHeaders: new Set(['content-length']),
      unhoistableHeaders: new Set([CHECKSUM]),
      ...settings,
    })

  test('names both among the signed headers', async () => {
    const { searchParams } = new URL(await sign())
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe(`content-length;host;${CHECKSUM}`)
    expect(searchParams.has(CHECKSUM)).toBe(false)
  })

  test('takes that part, and again', async () => {
    const url = await sign()
    for (const time of ['first', 'second'])
      expect([time, refused(await put(url, BODY, { [CHECKSUM]: crc(BODY) }))]).toEqual([time, ' 200'])
    expect(await stored()).toEqual(DONE)
  })

  test.each([
    ['a longer body', `${BODY}!`, { [CHECKSUM]: crc(`${BODY}!`) }, 'SignatureDoesNotMatch 403'],
    ['a longer body, though vouched for', `${BODY}!`, { [CHECKSUM]: crc(BODY) }, 'SignatureDoesNotMatch 403'],
    ['a shorter body', BODY.slice(1), { [CHECKSUM]: crc(BODY) }, 'SignatureDoesNotMatch 403'],
    ['another checksum', BODY, { [CHECKSUM]: crc('other') }, 'SignatureDoesNotMatch 403'],
    ['no checksum', BODY, {}, 'SignatureDoesNotMatch 403'],
    ['other bytes of that length', BODY.toUpperCase(), { [CHECKSUM]: crc(BODY) }, 'BadDigest 400'],
  ])('refuses %s, and nothing is stored', async (_, body, headers, expected) => {
    expect(refused(await put(await sign(), body, headers))).toBe(expected)
    expect(await stored()).toEqual([])
  })

  test('refuses a body that does not tell its length', async () => {
    const answer = await fetch(await sign(), {
      ...{ method: 'PUT', headers: { [CHECKSUM]: crc(BODY) }, duplex: 'half' },
      body: new Blob([BODY]).stream(),
    })
    expect([answer.status, await stored()]).toEqual([403, []])
  })

  test('is dead when its time is over', async () => {
    const url = await sign({ expiresIn: 60, signingDate: new Date(Date.now() - 61_000) })
    const answer = await put(url, BODY, { [CHECKSUM]: crc(BODY) })
    expect(refused(answer)).toBe('AccessDenied 403')
    expect(answer.text).toContain('<Message>Request has expired</Message>')
    expect(await stored()).toEqual([])
  })

  test('is worth nothing for another part', async () => {
    const url = (await sign()).replace('partNumber=1', 'partNumber=2')
    expect(refused(await put(url, BODY, { [CHECKSUM]: crc(BODY) }))).toBe('SignatureDoesNotMatch 403')
    expect(await stored()).toEqual([])
  })
})

describe('an address that carries the checksum itself', () => {
  const sign = (client: S3Client = s3.client) => getSignedUrl(client, part())

  test('takes the bytes it is for', async () => {
    const url = await sign()
    expect(new URL(url).searchParams.get(CHECKSUM)).toBe(crc(BODY))
    expect(refused(await put(url, BODY))).toBe(' 200')
    expect(await stored()).toEqual(DONE)
  })

  test('refuses all others, and nothing is stored', async () => {
    expect(refused(await put(await sign(), BODY.toUpperCase()))).toBe('BadDigest 400')
    expect(await stored()).toEqual([])
  })

  test('cannot be given another', async () => {
    const url = new URL(await sign())
    url.searchParams.set(CHECKSUM, crc('other'))
    expect(refused(await put(url.href, 'other'))).toBe('SignatureDoesNotMatch 403')
    const twice = await put(await sign(), BODY.toUpperCase(), { [CHECKSUM]: crc(BODY.toUpperCase()) })
    expect(refused(twice)).toBe('AccessDenied 403')
    expect(await stored()).toEqual([])
  })

  test('is of no use if the client that made it computed the checksum of no bytes', async () => {
    const client = s3.newClient({ requestChecksumCalculation: 'WHEN_SUPPORTED' })
    const url = await getSignedUrl(client, new UploadPartCommand({ ...target, PartNumber: 1 }))
    expect(new URL(url).searchParams.get(CHECKSUM)).toBe(crc(''))
    expect(refused(await put(url, BODY))).toBe('BadDigest 400')
    expect(await stored()).toEqual([])
  })
})
