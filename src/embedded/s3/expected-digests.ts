import { createHash } from 'node:crypto'
import type { Grant } from './authorize.ts'
import { TRAILER_SIGNATURE } from './aws-chunked.ts'
import {
  CHECKSUM_PREFIX,
  type Checksum,
  type ChecksumAlgorithm,
  checksumAlgorithm,
  isBase64,
  readChecksum,
  startChecksum,
} from './checksums.ts'
import { notImplemented, S3Error } from './errors.ts'

/** All the ways a request can vouch for its body, computed in one go. */
export type ExpectedDigests = {
  /** Of the additional checksum that comes before or after the body. */
  readonly algorithm: ChecksumAlgorithm | undefined
  update(piece: Buffer): void
  /** Compares them all. Throws BadDigest or XAmzContentSHA256Mismatch. `md5` comes back in hex. */
  verify(md5: Buffer): { md5: string; checksum: Checksum | undefined }
}

const STREAMING = new Set([
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
])

/** Reads the promises from the headers, and refuses those it could not check. `trailers` may be filled in later. */
export function expectedDigests(grant: Grant, trailers: ReadonlyMap<string, string>): ExpectedDigests {
  const { headers } = grant.request
  const declaredMd5 = headers.get('content-md5')
  if (declaredMd5 !== undefined && !isBase64(declaredMd5, 16)) throw new S3Error('InvalidDigest')
  const contentHash = declaredContentHash(grant.payloadHash)
  const sha256 = contentHash === undefined ? undefined : createHash('sha256')
  const promised = promisedChecksum(headers)
  const checksum = promised && startChecksum(promised.algorithm)

  function verifyChecksum(): Checksum | undefined {
    const stray = [...trailers.keys()].find((name) => name !== promised?.name && name !== TRAILER_SIGNATURE)
    if (stray !== undefined) throw new S3Error('InvalidRequest', `Trailer ${stray} was not announced.`)
    if (!promised || !checksum) return undefined
    const value = promised.inTrailer ? trailers.get(promised.name) : headers.get(promised.name)
    if (value === undefined) throw new S3Error('InvalidRequest', `Trailer ${promised.name} is missing.`)
    const declared = readChecksum(promised.algorithm, value)
    if (declared.value !== checksum.value())
      throw new S3Error('BadDigest', `The ${declared.algorithm.toUpperCase()} you specified did not match.`)
    return declared
  }

  return {
    algorithm: promised?.algorithm,
    update(piece) {
      sha256?.update(piece)
      checksum?.update(piece)
    },
    verify(md5) {
      if (sha256 && sha256.digest('hex') !== contentHash) throw new S3Error('XAmzContentSHA256Mismatch')
      if (declaredMd5 !== undefined && md5.toString('base64') !== declaredMd5) throw new S3Error('BadDigest')
      return { md5: md5.toString('hex'), checksum: verifyChecksum() }
    },
  }
}

/** The SHA-256 in hex, or undefined when the body is vouched for in another way. */
function declaredContentHash(payloadHash: string): string | undefined {
  if (payloadHash === 'UNSIGNED-PAYLOAD' || STREAMING.has(payloadHash)) return undefined
  if (payloadHash.startsWith('STREAMING-')) throw notImplemented(`x-amz-content-sha256: ${payloadHash}`)
  if (!/^[0-9a-f]{64}$/.test(payloadHash))
    throw new S3Error(
      'InvalidArgument',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a SHA-256.',
    )
  return payloadHash
}

/** Which checksum will come, and whether before or after the body. */
function promisedChecksum(
  headers: ReadonlyMap<string, string>,
): { name: string; inTrailer: boolean; algorithm: ChecksumAlgorithm } | undefined {
  const inHeader = [...headers.keys()].filter(isChecksumValue).map((name) => ({ name, inTrailer: false }))
  const trailer = headers.get('x-amz-trailer')?.trim().toLowerCase()
  if (trailer !== undefined && !trailer.startsWith(CHECKSUM_PREFIX))
    throw notImplemented(`x-amz-trailer: ${trailer}`)
  const all = trailer === undefined ? inHeader : [...inHeader, { name: trailer, inTrailer: true }]
  if (all.length > 1) throw new S3Error('InvalidRequest', `Expecting a single ${CHECKSUM_PREFIX} header.`)
  const named = headers.get('x-amz-sdk-checksum-algorithm')
  if (named !== undefined && all.length === 0)
    throw new S3Error(
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm came without a checksum header or trailer.',
    )
  const [promised] = all
  return promised && { ...promised, algorithm: checksumAlgorithm(promised.name) }
}

/** Other headers share the prefix: they speak about checksums without being one. */
const isChecksumValue = (name: string): boolean =>
  name.startsWith(CHECKSUM_PREFIX) && !/-(algorithm|type|mode)$/.test(name)
