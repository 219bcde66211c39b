import { expect, test } from 'vitest'
import { createBufferLimit } from './buffer-limit.ts'

/** A heap of `living` bytes and some garbage, and how often it was collected. */
function heap(limitBytes: number) {
  const bytes = { living: 0, garbage: 0 }
  let collections = 0
  const used = () => bytes.living + bytes.garbage
  const collect = () => {
    collections++
    bytes.garbage = 0
  }
  const look = createBufferLimit({ limitBytes, used, collect })
  return { bytes, look, collections: () => collections }
}

test('garbage is collected once it is more than the limit', () => {
  const { bytes, look, collections } = heap(100)
  bytes.garbage = 100
  look()
  expect(collections()).toBe(0)
  bytes.garbage = 101
  look()
  expect(collections()).toBe(1)
  look()
  bytes.garbage = 101
  look()
  expect(collections()).toBe(2)
})

test('what is alive is not collected for over and over again', () => {
  const { bytes, look, collections } = heap(100)
  bytes.living = 150
  for (let at = 0; at < 10; at++) look()
  expect(collections()).toBe(1)
  bytes.garbage = 51
  look()
  expect(collections()).toBe(2)
  bytes.living = 0
  look()
  bytes.garbage = 101
  look()
  expect(collections()).toBe(3)
})
