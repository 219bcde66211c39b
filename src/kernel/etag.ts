import { createHash } from 'node:crypto'

/** An entity tag (RFC 9110, 8.8.3) for a JSON value: the same value gives the same tag. */
export const etagOf = (value: unknown): string =>
  `"${createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22)}"`
