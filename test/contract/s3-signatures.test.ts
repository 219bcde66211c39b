import { GetObjectCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  openTarget,
  partNumbers,
  putPart,
  read,
  refusal,
  refused,
  type S3Target,
  startUpload,
} from '../support/s3.ts'
import { send, sha256, type Signer, signRequest } from '../support/s3-signing.ts'

let s3: S3Target
beforeAll(async () => {
  s3 = await openTarget()
  await s3.client.send(new PutObjectCommand({ ...at('kept'), Body: 'kept' }))
})
afterAll(() => s3.close())

const at = (Key: string) => ({ Bucket: s3.bucket, Key })
const HOUR_MS = 3_600_000
const ago = (ms: number) => new Date(Date.now() - ms)

/** What `fetch` gets from a presigned address: status, S3 error code if any, and the text. */
async function ask(url: string, init?: RequestInit) {
  const answer = await fetch(url, init)
  const text = await answer.text()
  return { status: answer.status, code: /<Code>(.*?)<\/Code>/.exec(text)?.[1], text }
}

describe('presigned addresses', () => {
  const get = (settings: { expiresIn?: number; signingDate?: Date } = {}) =>
    getSignedUrl(s3.client, new GetObjectCommand(at('kept')), settings)

  test('let anybody read one object', async () => {
    expect(await ask(await get())).toMatchObject({ status: 200, text: 'kept' })
  })

  test('let anybody write one object', async () => {
    const url = await getSignedUrl(
      s3.client,
      new PutObjectCommand({ ...at('by-url'), ContentType: 'audio/ogg' }),
    )
    expect(
      await ask(url, { method: 'PUT', body: 'sent', headers: { 'content-type': 'audio/ogg' } }),
    ).toMatchObject({ status: 200 })
    expect((await read(s3.client, s3.bucket, 'by-url')).toString()).toBe('sent')
  })

  test('may carry metadata in the query', async () => {
    const command = new PutObjectCommand({ ...at('by-url-too'), Metadata: { a: 'b' } })
    const url = await getSignedUrl(s3.client, command)
    expect(await ask(url, { method: 'PUT', body: 'x' })).toMatchObject({ status: 200 })
    const { Metadata } = await s3.client.send(new GetObjectCommand(at('by-url-too')))
    expect(Metadata).toEqual({ a: 'b' })
  })

  test('cannot carry what would break out of a header, nor spoil the object for its readers', async () => {
    for (const Metadata of [{ a: 'b\r\nset-cookie: c=d' }, { 'a b': 'c' }, { a: '🎵' }]) {
      const url = await getSignedUrl(s3.client, new PutObjectCommand({ ...at('odd'), Metadata }))
      const { status } = await ask(url, { method: 'PUT', body: 'x' })
      if (status === 200) expect((await read(s3.client, s3.bucket, 'odd')).toString()).toBe('x')
      else expect(status).toBe(400)
    }
  })

  test('let anybody send one part, of exactly the length that was signed', async () => {
    const upload = { bucket: s3.bucket, key: 'parts', id: await startUpload(s3.client, s3.bucket, 'parts') }
    const part = { ...at('parts'), UploadId: upload.id, PartNumber: 1, ContentLength: 7 }
    const url = await getSignedUrl(s3.client, new UploadPartCommand(part), {
      signableHeaders: new Set(['content-length', 'host']),
    })
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host')
    expect(await ask(url, { method: 'PUT', body: 'too long' })).toMatchObject({
      code: 'SignatureDoesNotMatch',
    })
    expect(await partNumbers(s3.client, upload)).toEqual([])
    expect(await ask(url, { method: 'PUT', body: 'exactly' })).toMatchObject({ status: 200 })
    expect(await partNumbers(s3.client, upload)).toEqual([1])
  })

  test('carry the headers of the answer', async () => {
    const command = new GetObjectCommand({
      ...at('kept'),
      ResponseContentDisposition: 'attachment; filename="a b.mp3"',
    })
    const answer = await fetch(await getSignedUrl(s3.client, command))
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="a b.mp3"')
  })

  test('serve ranges, since Range need not be signed', async () => {
    const answer = await fetch(await get(), { headers: { range: 'bytes=1-2' } })
    expect([answer.status, await answer.text()]).toEqual([206, 'ep'])
  })

  test('are dead when their time is over', async () => {
    const url = await get({ expiresIn: 60, signingDate: ago(61_000) })
    expect(await ask(url)).toMatchObject({ status: 403, code: 'AccessDenied' })
    expect(await ask(await get({ expiresIn: 120, signingDate: ago(61_000) }))).toMatchObject({ status: 200 })
  })

  test('are not alive yet before their time', async () => {
    expect(await ask(await get({ signingDate: ago(-HOUR_MS) }))).toMatchObject({
      status: 403,
      code: 'AccessDenied',
    })
  })

  test('last seven days at most', async () => {
    const url = (await get({ expiresIn: 604_800 })).replace('X-Amz-Expires=604800', 'X-Amz-Expires=604801')
    expect(await ask(url)).toMatchObject({ status: 400, code: 'AuthorizationQueryParametersError' })
  })

  test.each([
    ['another key', (url: string) => url.replace('/kept?', '/kept2?')],
    ['a longer life', (url: string) => url.replace('Expires=900', 'Expires=901')],
    ['one more parameter', (url: string) => `${url}&response-content-type=text%2Fhtml`],
    ['another signature', (url: string) => url.replace(/Signature=.{4}/, 'Signature=0000')],
  ])('are worth nothing with %s', async (_, tamper) => {
    const url = await get()
    expect(tamper(url)).not.toBe(url)
    expect(await ask(tamper(url))).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' })
  })

  test('are worth nothing when somebody else made them', async () => {
    const { accessKeyId, secretAccessKey } = s3.signer
    const askAs = async (credentials: { accessKeyId: string; secretAccessKey: string }) =>
      ask(await getSignedUrl(s3.newClient({ credentials }), new GetObjectCommand(at('kept'))))
    const guess = await askAs({ accessKeyId, secretAccessKey: 'guess' })
    expect(guess).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' })
    const nobody = await askAs({ accessKeyId: 'NOBODY', secretAccessKey })
    expect(nobody).toMatchObject({ status: 403, code: 'InvalidAccessKeyId' })
  })

  test('are worth nothing for another method', async () => {
    expect(await ask(await get(), { method: 'DELETE' })).toMatchObject({ code: 'SignatureDoesNotMatch' })
    expect((await read(s3.client, s3.bucket, 'kept')).toString()).toBe('kept')
  })
})

describe('the Authorization header', () => {
  const request = () => ({ method: 'GET', path: `/${s3.bucket}/kept` })
  const tryAs = async (signer: Partial<Signer>, now?: Date) => {
    const { headers } = signRequest(s3.endpoint, { ...s3.signer, ...signer }, request(), now)
    return refused(await send(s3.endpoint, request(), headers))
  }

  test('lets the owner in', async () => {
    expect(await tryAs({})).toBe(' 200')
  })

  test('is refused with another secret, an unknown key, a foreign region or service', async () => {
    expect(await tryAs({ secretAccessKey: 'guess' })).toBe('SignatureDoesNotMatch 403')
    expect(await tryAs({ accessKeyId: 'NOBODY' })).toBe('InvalidAccessKeyId 403')
    expect(await tryAs({ region: 'mars-north-1' })).toBe('AuthorizationHeaderMalformed 400')
    expect(await tryAs({ service: 'dynamodb' })).toBe('AuthorizationHeaderMalformed 400')
  })

  test('is refused when the clocks are more than 15 minutes apart', async () => {
    expect(await tryAs({}, ago(16 * 60_000))).toBe('RequestTimeTooSkewed 403')
    expect(await tryAs({}, ago(-16 * 60_000))).toBe('RequestTimeTooSkewed 403')
    expect(await tryAs({}, ago(14 * 60_000))).toBe(' 200')
  })

  test('is needed', async () => {
    expect(refused(await send(s3.endpoint, request()))).toBe('AccessDenied 403')
  })

  test('speaks for the headers it signed', async () => {
    const signed = { ...request(), headers: { 'if-match': '"a"' } }
    const { headers } = signRequest(s3.endpoint, s3.signer, signed)
    expect(refused(await send(s3.endpoint, request(), { ...headers, 'if-match': '*' }))).toBe(
      'SignatureDoesNotMatch 403',
    )
  })

  test('must speak for every x-amz- header', async () => {
    const put = { method: 'PUT', path: `/${s3.bucket}/forged`, body: 'x' }
    const { headers } = signRequest(s3.endpoint, s3.signer, put)
    const answer = await send(s3.endpoint, put, { ...headers, 'x-amz-meta-forged': 'yes' })
    expect(refused(answer)).toBe('AccessDenied 403')
  })

  test('speaks for the body', async () => {
    const contentHash = sha256('what was signed')
    const answer = await s3.raw({
      method: 'PUT',
      path: '/swapped',
      body: 'what was sent, though',
      contentHash,
    })
    expect(refused(answer)).toBe('XAmzContentSHA256Mismatch 400')
    expect(await refusal(read(s3.client, s3.bucket, 'swapped'))).toBe('NoSuchKey 404')
  })

  test('may leave the body unsigned', async () => {
    await s3.raw({ method: 'PUT', path: '/unsigned', body: 'anything', contentHash: 'UNSIGNED-PAYLOAD' })
    expect((await read(s3.client, s3.bucket, 'unsigned')).toString()).toBe('anything')
  })
})

test('an SDK that signs with the wrong secret is told so, in words it knows', async () => {
  const { accessKeyId } = s3.signer
  const client = s3.newClient({ credentials: { accessKeyId, secretAccessKey: 'wrong' } })
  const upload = { bucket: s3.bucket, key: 'x', id: 'x' }
  expect(await refusal(putPart(client, upload, 1, Buffer.alloc(8 * 1024 * 1024)))).toBe(
    'SignatureDoesNotMatch 403',
  )
})
