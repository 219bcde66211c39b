import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { notImplemented, S3Error } from './errors.ts'

/** The additional checksums that Node computes; AWS also knows CRC32C and CRC64NVME. */
export const CHECKSUM_ALGORITHMS = ['crc32', 'sha1', 'sha256'] as const
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number]

/** How the parts of an upload vouch for their bytes; null when its creator did not say. */
export type ChecksumPlan = ChecksumAlgorithm | null

/** `value` is base64, as on the wire. */
export type Checksum = { readonly algorithm: ChecksumAlgorithm; readonly value: string }

export const CHECKSUM_PREFIX = 'x-amz-checksum-'

/** Length in bytes of a value of each algorithm. */
const SIZES = { crc32: 4, sha1: 20, sha256: 32 } as const satisfies Record<ChecksumAlgorithm, number>

/** A running checksum; `value` is base64. */
export type Hasher = { update(data: Buffer): void; value(): string }

export function startChecksum(algorithm: ChecksumAlgorithm): Hasher {
  return algorithm === 'crc32' ? startCrc32() : startHash(algorithm)
}

/** Names the algorithm in `CRC32`, `crc32` and `x-amz-checksum-crc32`. Throws NotImplemented for those we lack. */
export function checksumAlgorithm(name: string): ChecksumAlgorithm {
  const plain = name.toLowerCase().replace(CHECKSUM_PREFIX, '')
  const found = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === plain)
  if (found === undefined) throw notImplemented(`Checksum algorithm ${name}`)
  return found
}

/** Reads a checksum off the wire. Throws InvalidRequest when it is not base64 of the right length. */
export function readChecksum(algorithm: ChecksumAlgorithm, value: string): Checksum {
  if (!isBase64(value, SIZES[algorithm]))
    throw new S3Error('InvalidRequest', `Value for ${CHECKSUM_PREFIX}${algorithm} is not valid.`)
  return { algorithm, value }
}

/** Whether `text` is the base64 of exactly `sizeBytes` bytes. */
export function isBase64(text: string, sizeBytes: number): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === sizeBytes && bytes.toString('base64') === text
}

function startCrc32(): Hasher {
  let sum = 0
  return {
    update: (data) => void (sum = crc32(data, sum)),
    value() {
      const bytes = Buffer.alloc(SIZES.crc32)
      bytes.writeUInt32BE(sum)
      return bytes.toString('base64')
    },
  }
}

function startHash(algorithm: string): Hasher {
  const hash = createHash(algorithm)
  return { update: (data) => void hash.update(data), value: () => hash.digest('base64') }
}
