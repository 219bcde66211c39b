import { Failure } from './failure.ts'
import { idFromDigest, newId } from './ids.ts'
import { sha256 } from './sha256.ts'

/** The same `Idempotency-Key` came with another request. */
export class IdempotencyConflict extends Failure {
  readonly code = 'idempotency-conflict'
  constructor() {
    super('This Idempotency-Key was used for another request. Use a new key for a new request.')
  }
}

/** Who asks for something to be made: the owner of an API key, where there are any, and the key of the one request. */
export type Requester = { idempotencyKey?: string | undefined; owner?: string | undefined }

/**
 * The id for a creating request: random without a key; with one, always the same for that key, so that a repeated
 * request meets the record of the first. The key must be hard to guess (a UUID, say), as the id is. Keys of one `owner`
 * say nothing to another.
 */
export function idForRequest(scope: string, { idempotencyKey: key, owner }: Requester): string {
  if (key === undefined) return newId(owner)
  const scoped = owner === undefined ? scope : `${scope}\0${owner}`
  return idFromDigest(sha256(`${scoped}\0${key}`), owner)
}

/** A fingerprint of a request body, to tell a repeated request from another one with the same key. */
export const requestHash = (body: unknown): string =>
  sha256(JSON.stringify(sorted(body))).toString('base64url')

/** The same value with its object keys in order, since JSON objects have none. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]))
}
