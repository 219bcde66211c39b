import type { Slice } from './blob-files.ts'
import { S3Error } from './errors.ts'
import type { Piece } from './object-table.ts'

/** Both ends count. */
export type Range = { readonly start: number; readonly end: number }

/**
 * The one range a Range header asks for, cut to the size of the object. Undefined means the whole: no header, several
 * ranges (S3 does not serve those), or something that is no range (RFC 9110 section 14.2 says ignore it).
 * Throws InvalidRange when the range lies outside.
 */
export function parseRange(header: string | undefined, sizeBytes: number): Range | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined
  const start = first === '' ? Math.max(sizeBytes - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  if (start >= sizeBytes) throw new S3Error('InvalidRange')
  return { start, end }
}

/** Which bytes of which blobs make up a range of the object whose pieces these are. */
export function sliceAll(pieces: readonly Piece[], { start, end }: Range): Slice[] {
  const slices: Slice[] = []
  let offset = 0
  for (const { blob, sizeBytes } of pieces) {
    const slice = { blob, start: Math.max(start - offset, 0), end: Math.min(end - offset, sizeBytes - 1) }
    if (slice.start <= slice.end) slices.push(slice)
    offset += sizeBytes
  }
  return slices
}
