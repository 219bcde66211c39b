import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { S3Request } from './request.ts'

/** Where and when a signing key is good: `date` is YYYYMMDD. */
export type Scope = { readonly date: string; readonly region: string; readonly service: string }

/** What every signature of one request shares; `timestamp` is YYYYMMDDTHHMMSSZ. */
export type Signing = { readonly key: Buffer; readonly timestamp: string; readonly scope: Scope }

export const ALGORITHM = 'AWS4-HMAC-SHA256'

/** The key that signs for one day, region and service. */
export const signingKey = (secret: string, { date, region, service }: Scope): Buffer =>
  [date, region, service, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`))

/** HMAC over algorithm, time, scope and what is signed, a line each; lower-case hex. */
export function sign({ key, timestamp, scope }: Signing, algorithm: string, ...signed: string[]): string {
  const scopeLine = [scope.date, scope.region, scope.service, 'aws4_request'].join('/')
  return hmac(key, [algorithm, timestamp, scopeLine, ...signed].join('\n')).toString('hex')
}

/**
 * The one spelling of a request that both sides sign: task 1 of "Authenticating Requests (AWS Signature Version 4)",
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. S3 encodes the path once, not twice.
 */
export function canonicalRequest(
  request: S3Request,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  const path = request.path.split('/').map(uriEncode).join('/')
  const headers = signedHeaders
    .map((name) => `${name}:${collapse(request.headers.get(name) ?? '')}\n`)
    .join('')
  return [request.method, path, canonicalQuery(request), headers, signedHeaders.join(';'), payloadHash].join(
    '\n',
  )
}

/** SHA-256 in lower-case hex. Text is taken byte by character, the way header values arrived. */
export const sha256 = (data: string | Buffer): string =>
  createHash('sha256')
    .update(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
    .digest('hex')

/** Compares without telling, by the time it takes, how much of a guess was right. */
export function sameSignature(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** Percent-encodes all but the unreserved characters of RFC 3986, as AWS's `UriEncode()` does. */
const uriEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

const collapse = (value: string): string => value.trim().replace(/ +/g, ' ')

const canonicalQuery = ({ query }: S3Request): string =>
  [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&')
