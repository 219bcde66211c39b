import { randomBytes } from 'node:crypto'
import { sha256 } from '../kernel/sha256.ts'

/** 256 bits at random need no slow hash: there is nothing to guess (OWASP: "Password Storage", on high-entropy secrets). */
const KEY_BYTES = 32

/** A fresh key for an owner, and the entry of `API_KEYS` that lets it in. The key itself is kept nowhere. */
export function newKey(owner: string): { key: string; entry: string } {
  const key = `td_${randomBytes(KEY_BYTES).toString('base64url')}`
  return { key, entry: `${owner}:${sha256(key).toString('hex')}` }
}
