import {
  CHECKSUM_ALGORITHMS,
  CHECKSUM_PREFIX,
  type ChecksumAlgorithm,
  checksumAlgorithm,
  type ChecksumPlan,
  startChecksum,
} from './checksums.ts'
import { notImplemented, S3Error } from './errors.ts'
import type { StoredHeaders } from './object-table.ts'
import type { S3Request } from './request.ts'
import type { Part } from './upload-table.ts'
import { optional, type Xml } from './xml.ts'

const COMPOSITE = 'COMPOSITE'

/** Reads the plan off the request that creates an upload. A checksum over the whole object is not computed here. */
export function readChecksumPlan({ headers }: S3Request): ChecksumPlan {
  const algorithm = headers.get('x-amz-checksum-algorithm')
  const type = headers.get('x-amz-checksum-type')
  if (type !== undefined && type !== COMPOSITE) throw notImplemented(`x-amz-checksum-type: ${type}`)
  return algorithm === undefined ? null : checksumAlgorithm(algorithm)
}

/** The plan as the headers that confirm it. */
export const planHeaders = (plan: ChecksumPlan): Record<string, string> =>
  plan === null ? {} : { 'x-amz-checksum-algorithm': plan.toUpperCase(), 'x-amz-checksum-type': COMPOSITE }

/** The plan as elements of a list. */
export const planElements = (plan: ChecksumPlan): Xml[] =>
  plan === null
    ? []
    : [optional('ChecksumAlgorithm', plan.toUpperCase()), optional('ChecksumType', COMPOSITE)]

/** Throws InvalidRequest when a part comes with another checksum than planned, or without the one that was. */
export function checkPlan(
  plan: ChecksumPlan,
  brought: ChecksumAlgorithm | undefined,
  request: S3Request,
): void {
  if (brought === (plan ?? undefined)) return
  // SDKs add a checksum to every part unasked, even to uploads they planned none for; this header is how they say so.
  if (plan === null && request.headers.has('x-amz-sdk-checksum-algorithm')) return
  throw new S3Error(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${String(plan)}, actual checksum Type: ${brought ?? 'null'}`,
  )
}

/** The checksum over the checksums of all parts, and how many they are, as headers of the finished object. */
export function compositeHeaders(plan: ChecksumPlan, parts: readonly Part[]): StoredHeaders {
  if (plan === null) return {}
  const hasher = startChecksum(plan)
  for (const { checksum } of parts) hasher.update(Buffer.from(checksum?.value ?? '', 'base64'))
  return {
    [`${CHECKSUM_PREFIX}${plan}`]: `${hasher.value()}-${parts.length}`,
    'x-amz-checksum-type': COMPOSITE,
  }
}

/** The same as elements of the answer that completes the upload. */
export const compositeElements = (headers: StoredHeaders): Xml[] => [
  ...CHECKSUM_ALGORITHMS.map((algorithm) =>
    optional(elementOf(algorithm), headers[`${CHECKSUM_PREFIX}${algorithm}`]),
  ),
  optional('ChecksumType', headers['x-amz-checksum-type']),
]

/** `CRC32` is `<ChecksumCRC32>`, in requests and answers alike. */
export const elementOf = (algorithm: string): string => `Checksum${algorithm.toUpperCase()}`
