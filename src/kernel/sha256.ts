import { createHash, timingSafeEqual } from 'node:crypto'

/** The 32 bytes of a text's SHA-256 (FIPS 180-4). */
export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether two secrets are the same, in a time that tells nothing of where they differ; of other lengths they are not. */
export const isSameSecret = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)
