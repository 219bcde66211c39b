import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import {
  type ChecksumAlgorithm,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noise, openTarget, read, type S3Target } from '../support/s3.ts'

let s3: S3Target
beforeAll(async () => {
  s3 = await openTarget()
})
afterAll(() => s3.close())

const FIVE_MIB = 5 * 1024 * 1024
const crcBytes = (data: Buffer) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(data))
  return bytes
}
const crc = (data: Buffer | string) => crcBytes(Buffer.from(data)).toString('base64')
const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('base64')

type Target = { Bucket: string; Key: string; UploadId: string }
const begin = async (Key: string, ChecksumAlgorithm?: ChecksumAlgorithm): Promise<Target> => {
  const creation = new CreateMultipartUploadCommand({ Bucket: s3.bucket, Key, ChecksumAlgorithm })
  const { UploadId = '' } = await s3.client.send(creation)
  return { Bucket: s3.bucket, Key, UploadId }
}
const send = (target: Target, part: Partial<UploadPartCommandInput> & { Body: Buffer | string }) =>
  s3.client.send(new UploadPartCommand({ PartNumber: 1, ...target, ...part }))
const complete = (target: Target, Parts: CompletedPart[]) =>
  s3.client.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts } }))
const list = (target: Target) => s3.client.send(new ListPartsCommand(target))
const head = (Key: string) =>
  s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key, ChecksumMode: 'ENABLED' }))

/** What S3 answers to a call that it does not let through: code, status, and the sentence. */
const outcome = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: unknown) =>
      error instanceof Error && '$metadata' in error ? `${error.name}: ${error.message}` : error,
  )

describe('an upload created with a checksum', () => {
  test('takes only parts that come with it', async () => {
    const target = await begin('planned', 'CRC32')
    const mismatch = (actual: string) =>
      `InvalidRequest: Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: ${actual}`
    expect(await outcome(send(target, { Body: 'bytes' }))).toBe(mismatch('null'))
    expect(await outcome(send(target, { Body: 'bytes', ChecksumSHA256: sha256('bytes') }))).toBe(
      mismatch('sha256'),
    )
    expect(await outcome(send(target, { Body: 'bytes', ChecksumCRC32: crc('other') }))).toMatch(/^BadDigest:/)
    expect((await list(target)).Parts ?? []).toEqual([])
    const part = await send(target, { Body: 'bytes', ChecksumCRC32: crc('bytes') })
    expect(part.ChecksumCRC32).toBe(crc('bytes'))
  })

  test('does not take the one an SDK adds unasked, if it is another', async () => {
    const target = await begin('unasked', 'SHA256')
    const client = s3.newClient({ requestChecksumCalculation: 'WHEN_SUPPORTED' })
    const call = client.send(new UploadPartCommand({ ...target, PartNumber: 1, Body: 'bytes' }))
    expect(await outcome(call)).toMatch(/expected checksum Type: sha256, actual checksum Type: crc32$/)
  })

  test('tells in the list of parts which one, and what each part came to', async () => {
    const target = await begin('listed', 'CRC32')
    for (const [at, Body] of ['one', 'two'].entries())
      await send(target, { PartNumber: at + 1, Body, ChecksumCRC32: crc(Body) })
    expect(await list(target)).toMatchObject({
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'COMPOSITE',
      Parts: [{ ChecksumCRC32: crc('one') }, { ChecksumCRC32: crc('two') }],
    })
    const plain = await list(await begin('listed-plain'))
    expect([plain.ChecksumAlgorithm, plain.ChecksumType]).toEqual([undefined, undefined])
  })

  test('is completed only by who names the checksum of every part', async () => {
    const target = await begin('named', 'CRC32')
    const bodies = [noise(FIVE_MIB, 'one'), Buffer.from('two')]
    const parts: CompletedPart[] = []
    for (const [at, Body] of bodies.entries()) {
      const sent = await send(target, { PartNumber: at + 1, Body, ChecksumCRC32: crc(Body) })
      parts.push({ PartNumber: at + 1, ETag: sent.ETag, ChecksumCRC32: crc(Body) })
    }
    const [one = {}, two = {}] = parts
    const silent = ({ PartNumber, ETag }: CompletedPart) => ({ PartNumber, ETag })
    const missing = (part: number) =>
      `InvalidRequest: The upload was created using a crc32 checksum. The complete request must include the checksum for each part. It was missing for part ${part} in the request.`
    expect(await outcome(complete(target, [silent(one), silent(two)]))).toBe(missing(1))
    expect(await outcome(complete(target, [one, silent(two)]))).toBe(missing(2))
    const wrong = { ...two, ChecksumCRC32: crc('other') }
    expect(await outcome(complete(target, [one, wrong]))).toMatch(/^InvalidPart:/)
    const foreign = { ...silent(two), ChecksumSHA256: sha256('two') }
    expect(await outcome(complete(target, [one, foreign]))).toMatch(/^(InvalidPart|BadDigest):/)
    expect(await outcome(head('named'))).toMatch(/^NotFound:/)

    const composite = `${crc(Buffer.concat(bodies.map(crcBytes)))}-2`
    expect(await complete(target, parts)).toMatchObject({
      ChecksumCRC32: composite,
      ChecksumType: 'COMPOSITE',
    })
    expect(await complete(target, parts)).toMatchObject({ ChecksumCRC32: composite })
    expect(await head('named')).toMatchObject({ ChecksumCRC32: composite, ChecksumType: 'COMPOSITE' })
    const unasked = await s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key: 'named' }))
    expect([unasked.ChecksumCRC32, unasked.ChecksumType]).toEqual([undefined, undefined])
    const checking = s3.newClient({ responseChecksumValidation: 'WHEN_SUPPORTED' })
    expect((await read(checking, s3.bucket, 'named')).equals(Buffer.concat(bodies))).toBe(true)
  })

  test('may leave parts out: the checksum is over those that were taken', async () => {
    const target = await begin('left-out', 'SHA256')
    await send(target, { Body: 'left out', ChecksumSHA256: sha256('left out') })
    const { ETag } = await send(target, { PartNumber: 7, Body: 'kept', ChecksumSHA256: sha256('kept') })
    await complete(target, [{ PartNumber: 7, ETag, ChecksumSHA256: sha256('kept') }])
    const composite = sha256(createHash('sha256').update('kept').digest())
    expect((await head('left-out')).ChecksumSHA256).toBe(`${composite}-1`)
  })
})

describe('an upload created without a checksum', () => {
  test('has none in the end', async () => {
    const target = await begin('plain')
    const { ETag } = await send(target, { Body: 'bytes' })
    const done = await complete(target, [{ PartNumber: 1, ETag }])
    expect([done.ChecksumCRC32, done.ChecksumSHA256]).toEqual([undefined, undefined])
    expect((await head('plain')).ChecksumCRC32).toBeUndefined()
  })
})

describe('the Upload of lib-storage', () => {
  const body = noise(FIVE_MIB + 1234, 'managed')
  const digests = [body.subarray(0, FIVE_MIB), body.subarray(FIVE_MIB)].map(crcBytes)

  test.each([
    ['WHEN_SUPPORTED', 'bytes', () => body],
    ['WHEN_SUPPORTED', 'a stream', () => Readable.from([body])],
    ['WHEN_REQUIRED', 'bytes', () => body],
    ['WHEN_REQUIRED', 'a stream', () => Readable.from([body])],
  ] as const)('comes through when it sends checksums %s, of %s', async (setting, kind, open) => {
    const client = s3.newClient({ requestChecksumCalculation: setting, responseChecksumValidation: setting })
    const Key = `managed ${setting} ${kind}`
    await new Upload({ client, params: { Bucket: s3.bucket, Key, Body: open() } }).done()
    expect((await read(client, s3.bucket, Key)).equals(body)).toBe(true)
    const expected = setting === 'WHEN_SUPPORTED' ? `${crc(Buffer.concat(digests))}-2` : undefined
    expect((await head(Key)).ChecksumCRC32).toBe(expected)
  })

  test('comes through with the checksum it was told to send', async () => {
    const params = { Bucket: s3.bucket, Key: 'told', Body: body, ChecksumAlgorithm: 'SHA256' as const }
    await new Upload({ client: s3.client, params }).done()
    expect((await head('told')).ChecksumSHA256).toMatch(/^[\w+/]{43}=-2$/)
  })
})
