import { listed } from './lists.ts'

/** A key's owner, and the SHA-256 of the key, 64 hex digits. */
export type ApiKeyEntry = { owner: string; sha256: string }

const ENTRY = /^([A-Za-z0-9][A-Za-z0-9_-]{0,31}):([0-9a-fA-F]{64})$/

export const isApiKeyList = (text: string): boolean =>
  listed(text).length > 0 && listed(text).every((entry) => ENTRY.test(entry))

/** Entries of an owner may be several, so that a new key can be given out before the old one is taken away. */
export const apiKeysOf = (text: string): ApiKeyEntry[] =>
  listed(text).map((entry) => {
    const [, owner = '', sha256 = ''] = ENTRY.exec(entry) ?? []
    return { owner, sha256: sha256.toLowerCase() }
  })
