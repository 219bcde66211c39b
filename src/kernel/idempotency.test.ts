import { expect, test } from 'vitest'
import { idForRequest, requestHash } from './idempotency.ts'
import { isId } from './ids.ts'

test('one key gives one id, another key or scope another', () => {
  const id = idForRequest('upload', 'key-of-sixteen-characters')
  expect(isId(id)).toBe(true)
  expect(idForRequest('upload', 'key-of-sixteen-characters')).toBe(id)
  expect(idForRequest('job', 'key-of-sixteen-characters')).not.toBe(id)
  expect(idForRequest('upload', 'key-of-sixteen-characterz')).not.toBe(id)
})

test('without a key every id is new', () => {
  expect(idForRequest('upload', undefined)).not.toBe(idForRequest('upload', undefined))
})

test('a request is the same whatever the order of its fields', () => {
  expect(requestHash({ a: 1, b: { c: [1, 2], d: 2 } })).toBe(requestHash({ b: { d: 2, c: [1, 2] }, a: 1 }))
  expect(requestHash({ a: [1, 2] })).not.toBe(requestHash({ a: [2, 1] }))
})
