import { combineCrc32 } from '../kernel/crc32-combine.ts'
import { crc32Hex } from '../kernel/crc32-hex.ts'

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
