import { MiB } from '../kernel/units.ts'

/** Smallest part this service asks for, unless told otherwise. S3 takes 5 MiB to 5 GiB, the last part excepted. */
export const SMALLEST_PART_BYTES = 8 * MiB
/** S3 takes at most 10,000 parts (AWS: "Amazon S3 multipart upload limits"). */
export const MOST_PARTS = 10_000

/** How a file is cut: fixed when the upload is made, so that every session cuts it the same way. Sizes in bytes. */
export type Geometry = { size: number; partSize: number; partCount: number }

/** The geometry for a file of `size` bytes: parts grow in whole MiB once 10,000 of the smallest would not do. */
export function geometryOf(size: number, smallestPartBytes: number): Geometry {
  const needed = Math.ceil(size / MOST_PARTS / MiB) * MiB
  const partSize = Math.max(smallestPartBytes, needed)
  return { size, partSize, partCount: Math.ceil(size / partSize) }
}

/** Exact size in bytes of part `part` (1-based); undefined when there is no such part. */
export function sizeOfPart({ size, partSize, partCount }: Geometry, part: number): number | undefined {
  if (!Number.isInteger(part) || part < 1 || part > partCount) return undefined
  return part < partCount ? partSize : size - partSize * (partCount - 1)
}

/** Parts that are not among `stored` with exactly the right size. */
export function missingParts(geometry: Geometry, stored: ReadonlyMap<number, { size: number }>): number[] {
  const all = Array.from({ length: geometry.partCount }, (_, at) => at + 1)
  return all.filter((part) => stored.get(part)?.size !== sizeOfPart(geometry, part))
}

/** The first part that is not among these. */
export function firstGap(parts: { has(part: number): boolean } | undefined): number {
  let part = 1
  while (parts?.has(part)) part++
  return part
}
