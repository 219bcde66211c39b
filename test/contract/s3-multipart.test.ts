import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  noise,
  openTarget,
  partNumbers,
  putPart,
  read,
  refusal,
  type S3Target,
  startUpload,
} from '../support/s3.ts'

let s3: S3Target
beforeAll(async () => {
  s3 = await openTarget()
})
afterAll(() => s3.close())

const FIVE_MIB = 5 * 1024 * 1024
type Address = { bucket: string; key: string; id: string }
type Part = { PartNumber: number; ETag: string; ChecksumSHA256?: string }

const begin = async (key: string): Promise<Address> => ({
  ...{ bucket: s3.bucket, key },
  id: await startUpload(s3.client, s3.bucket, key),
})
const part = async (upload: Address, PartNumber: number, body: Buffer): Promise<Part> => ({
  PartNumber,
  ETag: await putPart(s3.client, upload, PartNumber, body),
})
const complete = ({ bucket, key, id }: Address, Parts: Part[], conditions: { IfNoneMatch?: string } = {}) => {
  const target = { Bucket: bucket, Key: key, UploadId: id }
  return s3.client.send(
    new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts }, ...conditions }),
  )
}
const abort = ({ bucket, key, id }: Address) =>
  s3.client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: id }))

test('parts sent six at a time in any order come out as one object, with headers and the ETag of parts', async () => {
  const headers = { ContentType: 'audio/wav', Metadata: { take: '5' } }
  const target = { Bucket: s3.bucket, Key: 'six' }
  const { UploadId = '' } = await s3.client.send(new CreateMultipartUploadCommand({ ...target, ...headers }))
  const upload = { bucket: s3.bucket, key: 'six', id: UploadId }
  const bodies = Array.from({ length: 6 }, (_, at) => noise(at === 5 ? 123 : FIVE_MIB + at, `part ${at}`))
  const shuffled = [4, 1, 6, 2, 5, 3]
  const parts = await Promise.all(
    shuffled.map((number) => part(upload, number, bodies[number - 1] ?? Buffer.of())),
  )
  await complete(
    upload,
    parts.toSorted((one, other) => one.PartNumber - other.PartNumber),
  )

  expect((await read(s3.client, s3.bucket, 'six')).equals(Buffer.concat(bodies))).toBe(true)
  const digests = Buffer.concat(bodies.map((body) => createHash('md5').update(body).digest()))
  const etag = `"${createHash('md5').update(digests).digest('hex')}-6"`
  expect(await s3.client.send(new HeadObjectCommand(target))).toMatchObject({ ...headers, ETag: etag })
})

test('a part that is sent again replaces the first', async () => {
  const upload = await begin('again')
  const old = await part(upload, 1, Buffer.from('first'))
  const fresh = await part(upload, 1, Buffer.from('second'))
  expect(await refusal(complete(upload, [old]))).toBe('InvalidPart 400')
  await complete(upload, [fresh])
  expect((await read(s3.client, s3.bucket, 'again')).toString()).toBe('second')
})

test('parts may be left out and numbers skipped', async () => {
  const upload = await begin('gaps')
  await part(upload, 1, Buffer.from('left out'))
  await complete(upload, [await part(upload, 10_000, Buffer.from('kept'))])
  expect((await read(s3.client, s3.bucket, 'gaps')).toString()).toBe('kept')
})

test('an object can be replaced by an upload', async () => {
  await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'replaced', Body: 'before' }))
  const upload = await begin('replaced')
  const parts = [await part(upload, 1, Buffer.from('after'))]
  expect((await read(s3.client, s3.bucket, 'replaced')).toString()).toBe('before')
  await complete(upload, parts)
  expect((await read(s3.client, s3.bucket, 'replaced')).toString()).toBe('after')
})

test('a reader that is under way gets all parts although the object is deleted', async () => {
  const upload = await begin('read-on')
  const bodies = [noise(16 * 1024 * 1024, 'one'), noise(16 * 1024 * 1024, 'two')]
  await complete(upload, await Promise.all(bodies.map((body, at) => part(upload, at + 1, body))))
  const target = { Bucket: s3.bucket, Key: 'read-on' }
  const { Body } = await s3.client.send(new GetObjectCommand(target))
  await s3.client.send(new DeleteObjectCommand(target))
  expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(Buffer.concat(bodies))).toBe(true)
})

test('the numbers of parts run from 1 to 10,000', async () => {
  const upload = await begin('numbers')
  for (const number of [0, 10_001])
    expect(await refusal(part(upload, number, Buffer.from('x')))).toBe('InvalidArgument 400')
})

test('completing is refused, and can be tried again, when the list of parts is wrong', async () => {
  const upload = await begin('wrong-list')
  const one = await part(upload, 1, Buffer.from('too small to be first'))
  const two = await part(upload, 2, Buffer.from('x'))
  const missing = { PartNumber: 3, ETag: one.ETag }
  expect(await refusal(complete(upload, [two, one]))).toBe('InvalidPartOrder 400')
  expect(await refusal(complete(upload, [one, missing]))).toBe('InvalidPart 400')
  expect(await refusal(complete(upload, [{ ...one, ETag: two.ETag }]))).toBe('InvalidPart 400')
  expect(await refusal(complete(upload, [one, two]))).toBe('EntityTooSmall 400')
  expect(await refusal(complete(upload, []))).toBe('MalformedXML 400')
  await complete(upload, [two])
})

test('completing again with the same parts gives the same answer, conditions or not', async () => {
  const upload = await begin('repeated')
  const one = await part(upload, 1, Buffer.from('content'))
  const { ETag } = await complete(upload, [one])
  expect(await complete(upload, [one])).toMatchObject({ ETag, Key: 'repeated' })
  expect(await complete(upload, [one], { IfNoneMatch: '*' })).toMatchObject({ ETag })
  expect((await read(s3.client, s3.bucket, 'repeated')).toString()).toBe('content')
  expect(await refusal(partNumbers(s3.client, upload))).toBe('NoSuchUpload 404')
})

test('completing again does not bring back what was overwritten since', async () => {
  const upload = await begin('moved-on')
  const one = await part(upload, 1, Buffer.from('content'))
  await complete(upload, [one])
  await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'moved-on', Body: 'newer' }))
  await complete(upload, [one]).catch(() => undefined) // an error or the old answer: S3 does not say which
  expect((await read(s3.client, s3.bucket, 'moved-on')).toString()).toBe('newer')
})

test('a part knows the checksum it came with', async () => {
  const target = { Bucket: s3.bucket, Key: 'vouched' }
  const creation = new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: 'SHA256' })
  const { UploadId = '' } = await s3.client.send(creation)
  const checksum = createHash('sha256').update('content').digest('base64')
  const sent = { ...target, UploadId, PartNumber: 1, Body: 'content', ChecksumSHA256: checksum }
  const { ETag = '', ChecksumSHA256 } = await s3.client.send(new UploadPartCommand(sent))
  expect(ChecksumSHA256).toBe(checksum)
  const { Parts } = await s3.client.send(new ListPartsCommand({ ...target, UploadId }))
  expect(Parts?.[0]?.ChecksumSHA256).toBe(checksum)
  const upload = { bucket: s3.bucket, key: 'vouched', id: UploadId }
  const other = createHash('sha256').update('other').digest('base64')
  const wrong = complete(upload, [{ PartNumber: 1, ETag, ChecksumSHA256: other }])
  expect(await refusal(wrong)).toMatch(/^(InvalidPart|BadDigest) 400$/)
  await complete(upload, [{ PartNumber: 1, ETag, ChecksumSHA256: checksum }])
})

test('an upload that was aborted is gone, with its parts', async () => {
  const upload = await begin('aborted')
  const one = await part(upload, 1, Buffer.from('x'))
  await abort(upload)
  expect(await refusal(partNumbers(s3.client, upload))).toBe('NoSuchUpload 404')
  expect(await refusal(part(upload, 2, Buffer.from('y')))).toBe('NoSuchUpload 404')
  expect(await refusal(complete(upload, [one]))).toBe('NoSuchUpload 404')
  expect(await refusal(abort({ ...upload, id: 'never-was' }))).toBe('NoSuchUpload 404')
})

test('the id of an upload is good for its own key only', async () => {
  const upload = await begin('mine')
  expect(await refusal(part({ ...upload, key: 'yours' }, 1, Buffer.from('x')))).toBe('NoSuchUpload 404')
})

test('a part that comes in after its upload was aborted is not kept', async () => {
  const upload = await begin('late')
  const body = noise(FIVE_MIB)
  let letGo = (): void => {}
  const aborted = new Promise<void>((resolve) => (letGo = resolve))
  let sawFirst = (): void => {}
  const underWay = new Promise<void>((resolve) => (sawFirst = resolve))
  async function* slowly() {
    yield body.subarray(0, 1024)
    sawFirst()
    await aborted
    yield body.subarray(1024)
  }
  const target = { Bucket: s3.bucket, Key: 'late', UploadId: upload.id, PartNumber: 1 }
  const sent = s3
    .newClient({ maxAttempts: 1 })
    .send(new UploadPartCommand({ ...target, Body: Readable.from(slowly()), ContentLength: body.length }))
  const outcome = refusal(sent)
  await underWay
  await abort(upload)
  letGo()
  expect(await outcome).toBe('NoSuchUpload 404')
})

test.each(['WHEN_SUPPORTED', 'WHEN_REQUIRED'] as const)(
  'an upload by a client that sends checksums %s comes through',
  async (setting) => {
    const client = s3.newClient({ requestChecksumCalculation: setting, responseChecksumValidation: setting })
    const key = `checked-${setting}`
    const upload = { bucket: s3.bucket, key, id: await startUpload(client, s3.bucket, key) }
    const bodies = [noise(FIVE_MIB, 'one'), noise(999, 'two')]
    const Parts = await Promise.all(
      bodies.map(async (body, at) => {
        const address = { Bucket: s3.bucket, Key: key, UploadId: upload.id, PartNumber: at + 1 }
        const Body = Readable.from([body])
        const sent = await client.send(
          new UploadPartCommand({ ...address, Body, ContentLength: body.length }),
        )
        const checksum = sent.ChecksumCRC32 === undefined ? {} : { ChecksumCRC32: sent.ChecksumCRC32 }
        return { PartNumber: at + 1, ETag: sent.ETag, ...checksum }
      }),
    )
    const completion = { Bucket: s3.bucket, Key: key, UploadId: upload.id, MultipartUpload: { Parts } }
    await client.send(new CompleteMultipartUploadCommand(completion))
    expect((await read(client, s3.bucket, key)).equals(Buffer.concat(bodies))).toBe(true)
  },
)
