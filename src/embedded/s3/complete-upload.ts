import { createHash } from 'node:crypto'
import { z } from 'zod'
import { MiB } from '../../kernel/units.ts'
import { CHECKSUM_ALGORITHMS, type Checksum, type ChecksumAlgorithm, type ChecksumPlan } from './checksums.ts'
import { S3Error } from './errors.ts'
import type { Piece } from './object-table.ts'
import { refuseUnknown } from './parameters.ts'
import { compositeHeaders, elementOf } from './part-checksums.ts'
import type { Part } from './upload-table.ts'
import { parseXml } from './xml.ts'

/** A part as the client knows it. */
export type WantedPart = {
  readonly number: number
  readonly etag: string
  readonly checksums: readonly Checksum[]
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html: for every part but the last. */
const MIN_PART_BYTES = 5 * MiB
const MAX_PARTS = 10_000

const PartElement = z.looseObject({ PartNumber: z.string().regex(/^\d{1,5}$/), ETag: z.string() })
const PartList = z.object({
  CompleteMultipartUpload: z.looseObject({ Part: z.array(PartElement).min(1).max(MAX_PARTS) }),
})

/** Reads the body that completes an upload. Throws MalformedXML, also for a list without parts. */
export function readPartList(text: string): WantedPart[] {
  const parsed = PartList.safeParse(parseXml(text, ['Part']))
  if (!parsed.success) throw new S3Error('MalformedXML')
  refuseUnknown(parsed.data.CompleteMultipartUpload, ['Part'])
  return parsed.data.CompleteMultipartUpload.Part.map((part) => {
    refuseUnknown(part, ['PartNumber', 'ETag', ...CHECKSUM_ALGORITHMS.map(elementOf)])
    const etag = part.ETag.trim().replace(/^"(.*)"$/, '$1')
    return { number: Number(part.PartNumber), etag, checksums: checksumsOf(part) }
  })
}

/**
 * Puts the wanted parts together without touching their bytes; `unused` are the blobs of parts left out.
 * Throws InvalidPartOrder, InvalidRequest, InvalidPart, EntityTooSmall.
 */
export function assemble(parts: readonly Part[], wanted: readonly WantedPart[], plan: ChecksumPlan) {
  if (wanted.some(({ number }, at) => number <= (wanted[at - 1]?.number ?? 0)))
    throw new S3Error('InvalidPartOrder')
  if (plan !== null) checkNamed(wanted, plan)
  const byNumber = new Map(parts.map((part) => [part.number, part]))
  const chosen = wanted.map((want) => {
    const part = byNumber.get(want.number)
    if (!part || part.etag !== want.etag || want.checksums.some((checksum) => contradicts(part, checksum)))
      throw new S3Error('InvalidPart')
    byNumber.delete(want.number)
    return part
  })
  if (chosen.slice(0, -1).some(({ sizeBytes }) => sizeBytes < MIN_PART_BYTES))
    throw new S3Error('EntityTooSmall')
  return {
    etag: etagOf(chosen),
    checksum: compositeHeaders(plan, chosen),
    sizeBytes: chosen.reduce((sum, part) => sum + part.sizeBytes, 0),
    pieces: chosen.map(({ blob, sizeBytes }): Piece => ({ blob, sizeBytes })),
    unused: [...byNumber.values()].map(({ blob }) => blob),
  }
}

/** With a plan, no part may be taken for granted: the client has to name what it sent. */
function checkNamed(wanted: readonly WantedPart[], plan: ChecksumAlgorithm): void {
  const silent = wanted.find(({ checksums }) => checksums.length === 0)
  if (silent)
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using a ${plan} checksum. The complete request must include the checksum for each part. It was missing for part ${silent.number} in the request.`,
    )
}

const checksumsOf = (part: Record<string, unknown>): Checksum[] =>
  CHECKSUM_ALGORITHMS.flatMap((algorithm) => {
    const value = part[elementOf(algorithm)]
    return typeof value === 'string' ? [{ algorithm, value }] : []
  })

/** A checksum the part was not sent with cannot be vouched for either. */
const contradicts = ({ checksum }: Part, { algorithm, value }: Checksum): boolean =>
  checksum?.algorithm !== algorithm || checksum.value !== value

/** MD5 over the MD5s of the parts, then how many: what all of S3's clients expect, and what AWS does. */
export function etagOf(parts: readonly { readonly etag: string }[]): string {
  const hash = createHash('md5')
  for (const { etag } of parts) hash.update(etag, 'hex')
  return `${hash.digest('hex')}-${parts.length}`
}
