import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { decodeAwsChunked } from './aws-chunked.ts'
import { checkChunkSignatures } from './chunk-signatures.ts'
import { ALGORITHM, canonicalRequest, sha256, sign, signingKey } from './sigv4.ts'

/** The key, the day and the bucket of the examples in AWS's documentation. */
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const scope = { date: '20130524', region: 'us-east-1', service: 's3' }
const signing = { key: signingKey(SECRET, scope), timestamp: '20130524T000000Z', scope }
const EMPTY = sha256('')

const signatureOf = (
  method: string,
  path: string,
  {
    query = {},
    headers = {},
    hash = EMPTY,
  }: { query?: object; headers?: Record<string, string>; hash?: string },
) => {
  const all = new Map(Object.entries({ host: 'examplebucket.s3.amazonaws.com', ...headers }))
  const request = { method, path, bucket: '', key: '', query: new Map(Object.entries(query)), headers: all }
  return sign(signing, ALGORITHM, sha256(canonicalRequest(request, [...all.keys()].sort(), hash)))
}

test('GET Object of "Signature Calculations for the Authorization Header" has the documented signature', () => {
  const headers = { range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY, 'x-amz-date': signing.timestamp }
  expect(signatureOf('GET', '/test.txt', { headers })).toBe(
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  )
})

test('Get Bucket (List Objects) of the same page sorts its query as documented', () => {
  const headers = { 'x-amz-content-sha256': EMPTY, 'x-amz-date': signing.timestamp }
  expect(signatureOf('GET', '/', { headers, query: { prefix: 'J', 'max-keys': '2' } })).toBe(
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  )
})

test('the presigned address of "Authenticating Requests: Using Query Parameters" has the documented signature', () => {
  const query = {
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
    'X-Amz-Date': signing.timestamp,
    'X-Amz-Expires': '86400',
    'X-Amz-SignedHeaders': 'host',
  }
  expect(signatureOf('GET', '/test.txt', { query, hash: 'UNSIGNED-PAYLOAD' })).toBe(
    'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  )
})

/** "Transferring Payload in Multiple Chunks": 65 KiB of the letter a in chunks of 64 KiB and 1 KiB. */
const SEED = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'
const WIRE = Buffer.from(
  [
    '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    'a'.repeat(65_536),
    '400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'a'.repeat(1024),
    '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    '',
    '',
  ].join('\r\n'),
)

async function decode(pieces: Iterable<Buffer>): Promise<string> {
  const source: AsyncIterable<Buffer> = Readable.from(pieces)
  let text = ''
  const checker = checkChunkSignatures(signing, SEED)
  for await (const piece of decodeAwsChunked(source, new Map(), checker)) text += piece.toString()
  return text
}

test('the documented chunks pass, in one piece or cut anywhere', async () => {
  for (const size of [1, 7, 1000, WIRE.length]) {
    const cuts = Array.from({ length: Math.ceil(WIRE.length / size) }, (_, at) =>
      WIRE.subarray(at * size, (at + 1) * size),
    )
    expect(await decode(cuts)).toBe('a'.repeat(66_560))
  }
})

test('the documented chunks are refused when a letter of either chunk changes, or the end is missing', async () => {
  for (const at of [500, 66_000])
    await expect(decode([Buffer.from(WIRE).fill('b', at, at + 1)])).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
    })
  for (const end of [-2, 66_000])
    await expect(decode([WIRE.subarray(0, end)])).rejects.toMatchObject({ code: 'IncompleteBody' })
})
