import { combineCrc32 } from '../kernel/crc32-combine.ts'

/** A CRC-32 as it is written everywhere here: 8 hex digits. */
export const crc32Hex = (crc: number): string => (crc >>> 0).toString(16).padStart(8, '0')

/** The CRC-32 of a whole file from those of its parts; undefined when one of them is not known. */
export function crc32OfParts(
  parts: readonly { part: number; size: number; crc32?: string | undefined }[],
): string | undefined {
  let whole = 0
  for (const { size, crc32 } of [...parts].sort((a, b) => a.part - b.part)) {
    if (crc32 === undefined) return undefined
    whole = combineCrc32(whole, Number.parseInt(crc32, 16), size)
  }
  return crc32Hex(whole)
}
