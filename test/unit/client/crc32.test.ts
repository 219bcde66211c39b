import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32 as reference } from 'node:zlib'
import { crc32, crc32Hex } from '../../../src/client/crc32.ts'

test('the checksum is the one of zip, for any bytes at any offset in their buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(16), (bytes, offset) => {
      expect(crc32(bytes.subarray(offset))).toBe(reference(bytes.subarray(offset)))
    }),
  )
})

test('hex digits keep their leading zeros', () => {
  expect(crc32Hex(new Uint8Array())).toBe('00000000')
  expect(crc32Hex(new TextEncoder().encode('123456789'))).toBe('cbf43926')
})
