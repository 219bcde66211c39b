import type { Clock } from '../../kernel/clock.ts'
import { MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'
import { type Claim, readClaim, withoutSignature } from './claim.ts'
import { S3Error, type S3ErrorCode } from './errors.ts'
import type { S3Request } from './request.ts'
import {
  ALGORITHM,
  canonicalRequest,
  sameSignature,
  sha256,
  sign,
  type Signing,
  signingKey,
} from './sigv4.ts'

/** The one key pair that may use a server. */
export type S3Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A request whose signature held, and what is needed to check the signatures inside its body. */
export type Grant = {
  readonly request: S3Request
  readonly payloadHash: string
  readonly signing: Signing
  readonly signature: string
}

export type Gate = { readonly credentials: S3Credentials; readonly region: string; readonly clock: Clock }

/** https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationTimeStamp */
const MAX_SKEW_MS = 15 * MINUTE_MS

/**
 * Lets a request in or throws: who signs (InvalidAccessKeyId), for where (…Malformed, …ParametersError), when
 * (RequestTimeTooSkewed, AccessDenied) and whether the signature is right (SignatureDoesNotMatch).
 */
export function authorize(request: S3Request, { credentials, region, clock }: Gate): Grant {
  if (request.headers.has('x-amz-security-token')) throw new S3Error('InvalidToken')
  const claim = readClaim(request)
  if (claim.accessKeyId !== credentials.accessKeyId) throw new S3Error('InvalidAccessKeyId')
  checkScope(claim, region)
  checkTime(claim, clock.now())
  checkSignedHeaders(claim, request)
  const { timestamp, scope, signature, payloadHash } = claim
  const signing = { key: signingKey(credentials.secretAccessKey, scope), timestamp, scope }
  const canonical = canonicalRequest(request, claim.signedHeaders, payloadHash)
  if (!sameSignature(signature, sign(signing, ALGORITHM, sha256(canonical))))
    throw new S3Error('SignatureDoesNotMatch')
  return { request: withoutSignature(request), payloadHash, signing, signature }
}

function checkScope({ scope, timestamp, expiresSeconds }: Claim, region: string): void {
  const code: S3ErrorCode =
    expiresSeconds === undefined ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError'
  if (scope.region !== region)
    throw new S3Error(code, `The region '${scope.region}' is wrong; expecting '${region}'.`)
  if (scope.service !== 's3')
    throw new S3Error(code, `The service '${scope.service}' is wrong; expecting 's3'.`)
  if (!timestamp.startsWith(scope.date))
    throw new S3Error(code, 'The date of the credential is not that of the request.')
}

function checkTime({ timestamp, expiresSeconds }: Claim, now: number): void {
  const signedAt = epochMs(timestamp)
  if (expiresSeconds === undefined) {
    if (Math.abs(now - signedAt) > MAX_SKEW_MS) throw new S3Error('RequestTimeTooSkewed')
    return
  }
  if (signedAt > now + MAX_SKEW_MS) throw new S3Error('AccessDenied', 'Request is not valid yet')
  if (now >= signedAt + expiresSeconds * SECOND_MS) throw new S3Error('AccessDenied', 'Request has expired')
}

/** The signature must cover the host and every `x-amz-` header, or somebody on the way could change what is meant. */
function checkSignedHeaders({ signedHeaders }: Claim, { headers }: S3Request): void {
  const mustBeSigned = ['host', ...[...headers.keys()].filter((name) => name.startsWith('x-amz-'))]
  const unsigned = mustBeSigned.filter((name) => !signedHeaders.includes(name))
  if (unsigned.length > 0)
    throw new S3Error(
      'AccessDenied',
      `Headers present in the request were not signed: ${unsigned.join(', ')}`,
    )
}

function epochMs(timestamp: string): number {
  const fields = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
  const ms = Date.parse(timestamp.replace(fields, '$1-$2-$3T$4:$5:$6Z'))
  if (!fields.test(timestamp) || Number.isNaN(ms))
    throw new S3Error('AccessDenied', 'The date of the request is not valid.')
  return ms
}
