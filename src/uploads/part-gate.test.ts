import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { PartGate } from './part-gate.ts'

const bytes = randomBytes(200_000)
const hex = (crc32(bytes) >>> 0).toString(16).padStart(8, '0')

async function pass(body: Buffer, expected: { size: number; crc32?: string }) {
  const chunks: Buffer[] = []
  const gate = new PartGate({ part: 1, crc32: undefined, ...expected })
  const pieces = Array.from({ length: Math.ceil(body.length / 7000) }, (_, at) =>
    body.subarray(at * 7000, (at + 1) * 7000),
  )
  const done = pipeline(Readable.from(pieces), gate, async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk)
  })
  const error = await done.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return { error, out: Buffer.concat(chunks), gate }
}

test('a right part passes unchanged and its CRC-32 is known', async () => {
  const { error, out, gate } = await pass(bytes, { size: bytes.length, crc32: hex.toUpperCase() })
  expect(error).toBeUndefined()
  expect(out.equals(bytes)).toBe(true)
  expect(gate.crc32).toBe(hex)
})

test.each([
  ['too short', { size: bytes.length + 1 }, 'part-size'],
  ['too long', { size: bytes.length - 1 }, 'part-size'],
  ['with another checksum', { size: bytes.length, crc32: '00000000' }, 'checksum-mismatch'],
])('a part that is %s fails, and its end was never let through', async (_, expected, code) => {
  const { error, out } = await pass(bytes, expected)
  expect(error).toMatchObject({ code })
  expect(out.length).toBeLessThanOrEqual(bytes.length - 64 * 1024)
})

test('each byte that comes in beyond what is held back lets one through', async () => {
  const gate = new PartGate({ part: 1, size: 100_000, crc32: undefined })
  let passed = 0
  gate.on('data', (chunk: Buffer) => (passed += chunk.length))
  const write = (bytes: number) => new Promise((resolve) => gate.write(Buffer.alloc(bytes), resolve))
  for (const [bytes, through] of [
    [64 * 1024, 0],
    [1, 1],
    [2, 3],
    [1000, 1003],
  ] as const) {
    await write(bytes)
    expect(passed).toBe(through)
  }
  gate.destroy()
})
