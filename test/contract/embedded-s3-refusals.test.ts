import { readFile } from 'node:fs/promises'
import { CreateMultipartUploadCommand, PutBucketCorsCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allKeys, openEmbedded, partNumbers, type S3Target } from '../support/s3.ts'
import { type RawRequest, send } from '../support/s3-signing.ts'

/** What S3 does and this server does not, in the words of the page, and requests that ask for it. */
const REFUSED: Record<string, RawRequest[]> = {
  'Copying objects and parts': [
    key('PUT', {}, { 'x-amz-copy-source': '/other/key' }),
    key('PUT', { partNumber: '1', uploadId: 'x' }, { 'x-amz-copy-source': '/other/key' }),
  ],
  'Listing as of version 1': [bucket('GET'), bucket('GET', { marker: 'a', prefix: 'b' })],
  'Versions of objects': [
    key('GET', { versionId: '1' }),
    key('DELETE', { versionId: '1' }),
    bucket('GET', { versions: '' }),
    bucket('PUT', { versioning: '' }),
    bucket('POST', { delete: '' }, deleteBody('<VersionId>1</VersionId>')),
  ],
  'Parts of finished objects': [key('GET', { partNumber: '1' }), key('GET', { attributes: '' })],
  'ACL, policy, tags, lifecycle and every other sub-resource': [
    ...['acl', 'tagging', 'retention', 'legal-hold', 'torrent', 'cors'].map((name) =>
      key('GET', { [name]: '' }),
    ),
    ...['acl', 'policy', 'tagging', 'lifecycle', 'encryption', 'website', 'notification'].map((name) =>
      bucket('PUT', { [name]: '' }),
    ),
    key('POST', { restore: '' }),
    key('POST', { select: '', 'select-type': '2' }),
  ],
  'Storage classes, encryption, ACL or tags of one object': [
    'x-amz-storage-class',
    'x-amz-server-side-encryption',
    'x-amz-acl',
    'x-amz-tagging',
    'x-amz-object-lock-mode',
    'x-amz-website-redirect-location',
    'x-amz-expected-bucket-owner',
  ].map((name) => key('PUT', {}, { [name]: 'x' })),
  'CRC32C, CRC64NVME and checksums over a whole multipart object': [
    key('PUT', {}, { 'x-amz-checksum-crc32c': 'AAAAAA==' }),
    key('PUT', {}, { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }),
    {
      ...key('PUT', {}, { 'x-amz-trailer': 'x-amz-checksum-crc64nvme' }),
      contentHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    },
    key('POST', { uploads: '' }, { 'x-amz-checksum-algorithm': 'CRC32C' }),
    key('POST', { uploads: '' }, { 'x-amz-checksum-type': 'FULL_OBJECT' }),
    key('POST', { uploadId: 'x' }, { 'x-amz-mp-object-size': '1' }),
  ],
  'Conditions on deletes, and If-None-Match with an ETag on writes': [
    key('DELETE', {}, { 'if-match': '"a"' }),
    key('PUT', {}, { 'if-none-match': '"a"' }),
    bucket('POST', { delete: '' }, deleteBody('<ETag>a</ETag>')),
  ],
  'Owners, and delimiters in lists of uploads': [
    bucket('GET', { 'list-type': '2', 'fetch-owner': 'true' }),
    bucket('GET', { uploads: '', delimiter: '/' }),
  ],
  'Uploads by HTML form': [bucket('POST')],
  'Signature Version 4A': [{ ...key('PUT'), contentHash: 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' }],
}

let s3: S3Target
beforeAll(async () => {
  s3 = await openEmbedded()
})
afterAll(() => s3.close())

test.each(Object.entries(REFUSED))('%s: refused by name, and nothing happens', async (_, requests) => {
  for (const request of requests) {
    const { status, code, text } = await s3.raw(request)
    expect({ status, code, request }).toEqual({ status: 501, code: 'NotImplemented', request })
    expect(text).toMatch(/<Message>.+ implies functionality that is not implemented\.<\/Message>/)
  }
  expect(await allKeys(s3.client, s3.bucket)).toEqual([])
})

test('a parameter nobody has heard of is refused too, and named', async () => {
  const answers = [
    bucket('GET', { 'list-type': '2', surprise: '1' }),
    key('PUT', {}, { 'x-amz-surprise': '1' }),
  ]
  const [parameter, header] = await Promise.all(answers.map((request) => s3.raw(request)))
  expect(parameter?.text).toContain('<Message>Parameter surprise implies')
  expect(header?.text).toContain('<Message>Header x-amz-surprise implies')
})

test('a CORS rule cannot say what would break the header of an answer, nor what nobody has heard of', async () => {
  const rule = '<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>'
  const put = (extra: string) =>
    s3.raw(
      bucket(
        'PUT',
        { cors: '' },
        `<CORSConfiguration><CORSRule>${rule}${extra}</CORSRule></CORSConfiguration>`,
      ),
    )
  for (const name of ['a&#13;&#10;set-cookie: b=c', '🎵', ''])
    expect(await put(`<ExposeHeader>${name}</ExposeHeader>`)).toMatchObject({
      status: 400,
      code: 'InvalidRequest',
    })
  expect(await put('<MaxAgeSeconds>-1</MaxAgeSeconds>')).toMatchObject({ status: 400, code: 'MalformedXML' })
  expect(await put('<Surprise/>')).toMatchObject({ status: 501, code: 'NotImplemented' })
})

test('a part cannot bring a checksum its upload was not created with, unless an SDK added it unasked', async () => {
  const target = { Bucket: s3.bucket, Key: 'key' }
  const { UploadId = '' } = await s3.client.send(new CreateMultipartUploadCommand(target))
  const part = { ...target, UploadId, PartNumber: 1, Body: 'bytes' }
  const asked = s3.client.send(new UploadPartCommand({ ...part, ChecksumCRC32: 'sZlDzg==' }))
  await expect(asked).rejects.toThrow(
    'Checksum Type mismatch occurred, expected checksum Type: null, actual checksum Type: crc32',
  )
  const upload = { bucket: s3.bucket, key: 'key', id: UploadId }
  expect(await partNumbers(s3.client, upload)).toEqual([])
  const client = s3.newClient({ requestChecksumCalculation: 'WHEN_SUPPORTED' })
  await client.send(new UploadPartCommand(part))
  expect(await partNumbers(s3.client, upload)).toEqual([1])
})

test('a page learns also what is wrong with an address', async () => {
  const CORSConfiguration = { CORSRules: [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }] }
  await s3.client.send(new PutBucketCorsCommand({ Bucket: s3.bucket, CORSConfiguration }))
  for (const path of [`/${'x'.repeat(1025)}`, '/%zz']) {
    const answer = await s3.raw({ method: 'GET', path, headers: { origin: 'https://page.example' } })
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([400, '*'])
  }
})

test('session tokens and Signature Version 2 are no way in', async () => {
  const token = await s3.raw(key('GET', {}, { 'x-amz-security-token': 'token' }))
  expect(token).toMatchObject({ status: 400, code: 'InvalidToken' })
  const request = { method: 'GET', path: `/${s3.bucket}/key` }
  const old = await send(s3.endpoint, request, { authorization: `AWS ${s3.signer.accessKeyId}:c2lnbmF0dXJl` })
  expect(old).toMatchObject({ status: 403, code: 'AccessDenied' })
})

test('docs/reference/embedded-s3.md lists exactly what is refused here', async () => {
  const page = await readFile(new URL('../../docs/reference/embedded-s3.md', import.meta.url), 'utf8')
  const section = page.split(/^## /m).find((text) => text.startsWith('Refused')) ?? ''
  const listed = [...section.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, what]) => what)
  expect(listed.slice(2)).toEqual(Object.keys(REFUSED))
})

function key(method: string, query = {}, headers = {}): RawRequest {
  return { method, path: '/key', query, headers }
}

function bucket(method: string, query = {}, body = ''): RawRequest {
  return { method, path: '', query, body }
}

function deleteBody(condition: string): string {
  return `<Delete><Object><Key>key</Key>${condition}</Object></Delete>`
}
