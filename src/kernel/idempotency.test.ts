import { expect, test } from 'vitest'
import { idForRequest, requestHash } from './idempotency.ts'
import { isId, isOwnedBy } from './ids.ts'

test('one key gives one id, another key or scope another', () => {
  const id = idForRequest('upload', { idempotencyKey: 'key-of-sixteen-characters' })
  expect(isId(id)).toBe(true)
  expect(idForRequest('upload', { idempotencyKey: 'key-of-sixteen-characters' })).toBe(id)
  expect(idForRequest('job', { idempotencyKey: 'key-of-sixteen-characters' })).not.toBe(id)
  expect(idForRequest('upload', { idempotencyKey: 'key-of-sixteen-characterz' })).not.toBe(id)
})

test('one key of two owners gives two ids, each with the mark of its owner', () => {
  const idempotencyKey = 'key-of-sixteen-characters'
  const [anna, ben] = ['anna', 'ben'].map((owner) => idForRequest('upload', { idempotencyKey, owner }))
  expect(anna?.slice(0, 25)).not.toBe(ben?.slice(0, 25))
  expect(isOwnedBy(anna ?? '', 'anna')).toBe(true)
  expect(isOwnedBy(anna ?? '', 'ben')).toBe(false)
})

test('without a key every id is new', () => {
  expect(idForRequest('upload', {})).not.toBe(idForRequest('upload', {}))
})

test('a request is the same whatever the order of its fields', () => {
  expect(requestHash({ a: 1, b: { c: [1, 2], d: 2 } })).toBe(requestHash({ b: { d: 2, c: [1, 2] }, a: 1 }))
  expect(requestHash({ a: [1, 2] })).not.toBe(requestHash({ a: [2, 1] }))
})
