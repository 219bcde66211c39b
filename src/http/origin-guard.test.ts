import { expect, test } from 'vitest'
import { isForeign } from './origin-guard.ts'

const HOST = 'tapes.example:8080'
const NONE = { allowed: [], publicUrl: undefined }

test.each<[what: string, headers: Record<string, string>, foreign: boolean]>([
  ['no browser', {}, false],
  ['its own page', { origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin' }, false],
  [
    'its own page, by a proxy that changes Host',
    { origin: 'https://a.example', 'sec-fetch-site': 'same-origin' },
    false,
  ],
  ['something typed in', { 'sec-fetch-site': 'none' }, false],
  ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, true],
  ['another site that hides its origin', { 'sec-fetch-site': 'cross-site' }, true],
  ['another host of the same site', { origin: 'https://x.example', 'sec-fetch-site': 'same-site' }, true],
  ['a word that no standard has', { 'sec-fetch-site': 'friend' }, true],
  ['its own page, over HTTP', { origin: `http://${HOST}` }, false],
  ['its own page, with TLS ended before', { origin: `https://${HOST}` }, false],
  ['another port', { origin: 'http://tapes.example' }, true],
  ['another host', { origin: 'http://evil.example:8080' }, true],
  ['a frame without an origin', { origin: 'null' }, true],
  ['nonsense', { origin: 'tapes.example:8080' }, true],
])('%s', (_, headers, foreign) => {
  expect(isForeign({ headers, host: HOST }, NONE)).toBe(foreign)
})

test('a port that is the usual one of its scheme need not be named', () => {
  expect(isForeign({ headers: { origin: 'https://a.example' }, host: 'a.example:443' }, NONE)).toBe(false)
  expect(isForeign({ headers: { origin: 'http://a.example' }, host: 'a.example:443' }, NONE)).toBe(true)
})

test('origins that are allowed, and that of the public URL, are not foreign', () => {
  const origin = 'https://app.example'
  const cross = { headers: { origin, 'sec-fetch-site': 'cross-site' }, host: HOST }
  expect(isForeign(cross, { ...NONE, allowed: [origin] })).toBe(false)
  expect(isForeign(cross, { ...NONE, allowed: ['*'] })).toBe(false)
  expect(isForeign(cross, { ...NONE, allowed: ['https://other.example'] })).toBe(true)
  const plain = { headers: { origin }, host: HOST }
  expect(isForeign(plain, { ...NONE, publicUrl: `${origin}/tapes/` })).toBe(false)
})
