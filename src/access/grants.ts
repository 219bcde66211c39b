import { createHmac } from 'node:crypto'
import { isSameSecret } from '../kernel/sha256.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { KnownKey, Keyring } from './keyring.ts'

/**
 * What a signed link allows, and nothing else. `parts`: sending parts of an upload. `job`: reading a job, its result
 * included. `reads`: reading whatever the key's owner may read.
 */
export type Grant = { kind: 'parts'; uploadId: string } | { kind: 'job'; jobId: string } | { kind: 'reads' }

export type Verdict = { key: KnownKey } | 'expired' | 'wrong'

/**
 * Signs a grant with a key's hash, which only the configuration and the key's holder have: links die with their key, and
 * every process knows them without a word to the others. `expiresAt` in epoch milliseconds, rounded up to seconds.
 */
export function signGrant(key: KnownKey, grant: Grant, expiresAt: number): string {
  const expires = Math.ceil(expiresAt / SECOND_MS).toString(36)
  return `${key.id}.${expires}.${signatureOf(key, grant, expires)}`
}

/** Whether a token is a key's word for one of these grants. A token of another form is wrong, too. */
export function verifyGrant(keyring: Keyring, token: string, grants: readonly Grant[], now: number): Verdict {
  const [id = '', expires = '', signature = '', ...more] = token.split('.')
  const key = keyring.findById(id)
  if (!key || more.length > 0 || !/^[0-9a-z]{1,10}$/.test(expires)) return 'wrong'
  // As text: many texts are the same bytes of base64.
  const given = Buffer.from(signature)
  const isSigned = grants.some((grant) => isSameSecret(given, Buffer.from(signatureOf(key, grant, expires))))
  if (!isSigned) return 'wrong'
  return parseInt(expires, 36) * SECOND_MS > now ? { key } : 'expired'
}

const signatureOf = ({ hash }: KnownKey, grant: Grant, expires: string) =>
  createHmac('sha256', hash)
    .update(`tapedeck grant\n${textOf(grant)}\n${expires}`)
    .digest('base64url')

function textOf(grant: Grant): string {
  switch (grant.kind) {
    case 'parts':
      return `parts\n${grant.uploadId}`
    case 'job':
      return `job\n${grant.jobId}`
    case 'reads':
      return 'reads'
  }
}
