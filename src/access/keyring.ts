import { createHmac } from 'node:crypto'
import { isSameSecret, sha256 } from '../kernel/sha256.ts'

/** One key as it is configured: whose it is, and the SHA-256 of the key, 64 hex digits. An owner may have several. */
export type ApiKey = { owner: string; sha256: string }

/** A configured key, with a name of its own that says nothing about it. */
export type KnownKey = { owner: string; hash: Buffer; id: string }

const KEY_ID_DIGITS = 12

/** The keys that open the API. Only their hashes are known here. */
export class Keyring {
  readonly #keys: readonly KnownKey[]

  constructor(keys: readonly ApiKey[]) {
    this.#keys = keys.map(({ owner, sha256: digits }) => {
      const hash = Buffer.from(digits, 'hex')
      const id = createHmac('sha256', hash).update('tapedeck key id').digest('hex').slice(0, KEY_ID_DIGITS)
      return { owner, hash, id }
    })
  }

  /** The key that a client sent. Each is compared in constant time, and always all of them. */
  find(key: string): KnownKey | undefined {
    const hash = sha256(key)
    return this.#keys.filter((known) => isSameSecret(known.hash, hash))[0]
  }

  findById(id: string): KnownKey | undefined {
    return this.#keys.find((known) => known.id === id)
  }
}
