import { createHash, timingSafeEqual } from 'node:crypto'

/** The 32 bytes of a text's SHA-256 (FIPS 180-4). */
export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether two secrets are the same, in a time that tells nothing of where they differ; of other lengths they are not. */
export const isSameSecret = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)

/** Whether an `Authorization` header bears this very key (RFC 6750, 2.1). Digests, since they are of one length. */
export const bearsKey = (authorization: string | undefined, key: string): boolean =>
  isSameSecret(sha256(authorization ?? ''), sha256(`Bearer ${key}`))
