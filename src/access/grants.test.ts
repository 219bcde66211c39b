import { expect, test } from 'vitest'
import { Keyring, newKey, signGrant, verifyGrant, type Grant } from './index.ts'
import type { KnownKey } from './index.ts'

const NOW = Date.UTC(2026, 0, 1)
const keyOf = (entry: string) => {
  const [owner = '', sha256 = ''] = entry.split(':')
  return { owner, sha256 }
}
const [anna, ben] = [newKey('anna'), newKey('ben')]
const keyring = new Keyring([keyOf(anna.entry), keyOf(ben.entry)])
const key = keyring.find(anna.key) as KnownKey
const job: Grant = { kind: 'job', jobId: 'one' }

test('a key is found by itself and by nothing that looks like it', () => {
  expect(key.owner).toBe('anna')
  for (const other of ['', anna.entry, keyOf(anna.entry).sha256, `${anna.key} `, anna.key.slice(1)])
    expect(keyring.find(other)).toBeUndefined()
})

test('a link holds until its moment, and not a second longer', () => {
  const token = signGrant(key, job, NOW)
  expect(verifyGrant(keyring, token, [{ kind: 'reads' }, job], NOW - 1)).toEqual({ key })
  expect(verifyGrant(keyring, token, [job], NOW)).toBe('expired')
})

test('a link allows what was signed and nothing else', () => {
  const token = signGrant(key, job, NOW + 1000)
  const others: Grant[] = [
    { kind: 'job', jobId: 'other' },
    { kind: 'parts', uploadId: 'one' },
    { kind: 'reads' },
  ]
  for (const other of others) expect(verifyGrant(keyring, token, [other], NOW)).toBe('wrong')
})

test('no part of a link can be changed, and a link of a key that is gone is none', () => {
  const token = signGrant(key, job, NOW + 1000)
  const [id = '', expires = '', signature = ''] = token.split('.')
  const later = (parseInt(expires, 36) + 1).toString(36)
  const benId = keyring.find(ben.key)?.id ?? ''
  const bad = [
    ...[
      `${id}.${later}.${signature}`,
      `${benId}.${expires}.${signature}`,
      `${id}.${expires}.`,
      `${id}.${expires}`,
      `${token}.more`,
      `${token}=`,
      `${token}\n`,
    ],
    ...[
      `${id}.${expires}.${signature.slice(1)}`,
      `${id}..${signature}`,
      '',
      '..',
      `${id}.${'z'.repeat(40)}.${signature}`,
    ],
  ]
  for (const one of bad) expect(verifyGrant(keyring, one, [job], NOW)).toBe('wrong')
  expect(verifyGrant(new Keyring([keyOf(ben.entry)]), token, [job], NOW)).toBe('wrong')
})
