import { expect, test } from 'vitest'
import { addressOf } from './address.ts'

test.each([
  ['127.0.0.1', 'http://localhost:3000'],
  ['localhost', 'http://localhost:3000'],
  ['0.0.0.0', 'http://localhost:3000'],
  ['::', 'http://localhost:3000'],
  ['::1', 'http://[::1]:3000'],
  ['fe80::1', 'http://[fe80::1]:3000'],
  ['tapes.lan', 'http://tapes.lan:3000'],
])('a server on %s is found at %s', (host, address) => {
  expect(addressOf(host, 3000)).toBe(address)
})
