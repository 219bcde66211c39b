import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** One key as it is configured: whose it is, and the SHA-256 of the key, 64 hex digits. An owner may have several. */
export type ApiKey = { owner: string; sha256: string }

/** A configured key, with a name of its own that says nothing about it. */
export type KnownKey = { owner: string; hash: Buffer; id: string }

const KEY_ID_DIGITS = 12

/** The keys that open the API. Only their hashes are known here. */
export class Keyring {
  readonly #keys: readonly KnownKey[]

  constructor(keys: readonly ApiKey[]) {
    this.#keys = keys.map(({ owner, sha256 }) => {
      const hash = Buffer.from(sha256, 'hex')
      const id = createHmac('sha256', hash).update('tapedeck key id').digest('hex').slice(0, KEY_ID_DIGITS)
      return { owner, hash, id }
    })
  }

  /** The key that a client sent. Each is compared in constant time, and always all of them. */
  find(key: string): KnownKey | undefined {
    const hash = createHash('sha256').update(key).digest()
    return this.#keys.filter((known) => timingSafeEqual(known.hash, hash))[0]
  }

  findById(id: string): KnownKey | undefined {
    return this.#keys.find((known) => known.id === id)
  }
}
