import type { TargetsRequest } from '../contract/index.ts'
import { ChecksumRequired, otherBytes, PartOutOfRange } from './failures.ts'
import { sizeOfPart } from './geometry.ts'
import { LINK_LIFE_MS, type SourceStore } from './source-store.ts'
import { geometryOfSession, type Upload } from './upload.ts'

/**
 * Where one part is to be sent, of so many bytes. Without a `url` it comes through this service. `expiresAt` in epoch
 * milliseconds.
 */
export type PartTarget = {
  part: number
  size: number
  url: string | undefined
  headers: Record<string, string>
  expiresAt: number
}

type Wanted = TargetsRequest['want'][number]

/**
 * Targets for the wanted parts that are not stored. Where S3 is to verify checksums itself, a part gets one only with
 * its CRC-32. Throws PartOutOfRange; PartConflict when a part is stored with another CRC-32; ChecksumRequired when none
 * of the parts came with what it needs.
 */
export async function findTargets(
  store: Pick<SourceStore, 'signPart'>,
  { session, parts }: Upload,
  want: readonly Wanted[],
  now: number,
): Promise<PartTarget[]> {
  const stored = new Map(parts.map((one) => [one.part, one]))
  const sizes = new Map(want.map(({ part }) => [part, sizeOrThrow(session, part)]))
  for (const { part, crc32 } of want) refuseOtherBytes(part, crc32, stored.get(part)?.crc32)
  const left = want.filter(({ part }) => !stored.has(part))
  const { uploadId, multipartId, transport, summed, expiresAt } = session
  if (transport === 'proxy' || multipartId === undefined)
    return left.map((wanted) => throughHere(wanted, sizes.get(wanted.part) ?? 0, expiresAt))
  const signable = summed ? left.filter(({ crc32 }) => crc32 !== undefined) : left
  if (left.length > 0 && signable.length === 0) throw new ChecksumRequired()
  return Promise.all(
    signable.map(async ({ part, crc32 }) => {
      const size = sizes.get(part) ?? 0
      const wanted = { number: part, size, crc32: summed ? crc32 : undefined }
      const signed = await store.signPart(uploadId, multipartId, wanted)
      return { part, size, ...signed, expiresAt: Math.min(now + LINK_LIFE_MS, expiresAt) }
    }),
  )
}

const throughHere = ({ part, crc32 }: Wanted, size: number, expiresAt: number): PartTarget => ({
  ...{ part, size, url: undefined, expiresAt },
  headers: crc32 === undefined ? {} : { 'x-part-crc32': crc32 },
})

function sizeOrThrow(session: Upload['session'], part: number): number {
  const size = sizeOfPart(geometryOfSession(session), part)
  if (size === undefined) throw new PartOutOfRange(part, session.partCount)
  return size
}

/** So a client learns whether it has the same file as the one that was begun, without sending a byte. */
function refuseOtherBytes(part: number, wanted: string | undefined, stored: string | undefined): void {
  if (wanted === undefined || stored === undefined || wanted.toLowerCase() === stored) return
  throw otherBytes(part)
}
