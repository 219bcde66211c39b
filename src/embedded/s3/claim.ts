import { validateHeaderName, validateHeaderValue } from 'node:http'
import { S3Error } from './errors.ts'
import type { S3Request } from './request.ts'
import { ALGORITHM, type Scope } from './sigv4.ts'

/** What a request says about its own signature, before anybody has checked it. */
export type Claim = {
  readonly accessKeyId: string
  readonly scope: Scope
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** YYYYMMDDTHHMMSSZ */
  readonly timestamp: string
  /** What the client declares about the body: a SHA-256 in hex, or one of the words of payload.ts. */
  readonly payloadHash: string
  /** Seconds a presigned address is good for, from `timestamp` on; undefined for the Authorization header. */
  readonly expiresSeconds: number | undefined
}

/** Seven days: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
const MAX_EXPIRES_SECONDS = 604_800

/** Reads the claim from the Authorization header or from the query of a presigned address. */
export function readClaim(request: S3Request): Claim {
  const presigned = request.query.has('X-Amz-Algorithm') || request.query.has('X-Amz-Signature')
  const header = request.headers.get('authorization')
  if (presigned && header !== undefined)
    throw new S3Error('InvalidArgument', 'Only one of Authorization header and presigned query is allowed.')
  if (presigned) return queryClaim(request)
  if (header === undefined) throw new S3Error('AccessDenied', 'Anonymous access is forbidden.')
  return headerClaim(request, header)
}

/**
 * A presigned address carries in its query what would have been headers: `x-amz-meta-a=b` there is a header of that
 * name. Returns the request as if it had come with headers, without the parameters that only sign. Throws
 * InvalidArgument for what no header could have brought.
 */
export function withoutSignature(request: S3Request): S3Request {
  const query = new Map<string, string>()
  const headers = new Map(request.headers)
  for (const [name, value] of request.query) {
    if (/^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Content-Sha256)$/i.test(name))
      continue
    if (/^x-amz-/i.test(name)) headers.set(name.toLowerCase(), headerBytes(name, value))
    else query.set(name, value)
  }
  return { ...request, query, headers }
}

/** The value of a header as this server holds all of them: one character is one byte. */
function headerBytes(name: string, value: string): string {
  const bytes = Buffer.from(value).toString('latin1')
  try {
    validateHeaderName(name)
    validateHeaderValue(name, bytes)
    return bytes
  } catch {
    throw new S3Error('InvalidArgument', `Parameter ${name} cannot stand for a header.`)
  }
}

function headerClaim({ headers }: S3Request, header: string): Claim {
  const fields =
    /^AWS4-HMAC-SHA256 +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/
  const [, credential = '', signedHeaders = '', signature = ''] = fields.exec(header.trim()) ?? []
  const timestamp = headers.get('x-amz-date')
  const payloadHash = headers.get('x-amz-content-sha256')
  if (timestamp === undefined) throw new S3Error('AccessDenied', 'Signing needs a valid x-amz-date header.')
  if (payloadHash === undefined)
    throw new S3Error('InvalidRequest', 'Header x-amz-content-sha256 is missing.')
  const credentials = readCredential(credential)
  if (!credentials) throw new S3Error('AuthorizationHeaderMalformed')
  return {
    ...credentials,
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    payloadHash,
    expiresSeconds: undefined,
  }
}

function queryClaim({ query, headers }: S3Request): Claim {
  const malformed = (why: string) => new S3Error('AuthorizationQueryParametersError', why)
  const field = (name: string): string => {
    const value = query.get(name)
    if (value === undefined) throw malformed(`Parameter ${name} is missing.`)
    return value
  }
  if (field('X-Amz-Algorithm') !== ALGORITHM) throw malformed(`X-Amz-Algorithm only supports ${ALGORITHM}.`)
  const credentials = readCredential(field('X-Amz-Credential'))
  if (!credentials) throw malformed('X-Amz-Credential must be <key id>/<YYYYMMDD>/<region>/s3/aws4_request.')
  const expiresSeconds = /^\d+$/.test(field('X-Amz-Expires')) ? Number(field('X-Amz-Expires')) : 0
  if (expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS)
    throw malformed(`X-Amz-Expires must be between 1 and ${MAX_EXPIRES_SECONDS} seconds.`)
  return {
    ...credentials,
    signedHeaders: field('X-Amz-SignedHeaders').split(';'),
    signature: field('X-Amz-Signature'),
    timestamp: field('X-Amz-Date'),
    payloadHash:
      query.get('X-Amz-Content-Sha256') ?? headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD',
    expiresSeconds,
  }
}

/** The key id comes first and may itself hold slashes. */
function readCredential(credential: string): Pick<Claim, 'accessKeyId' | 'scope'> | undefined {
  const [, accessKeyId, date, region, service] =
    /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(credential) ?? []
  if (!accessKeyId || !date || !region || !service) return undefined
  return { accessKeyId, scope: { date, region, service } }
}
