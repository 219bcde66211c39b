import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { readOn } from './read-on.ts'

const BYTES = Buffer.from('every byte in its place, once')

/** What is left after `from`; the connection breaks after `most` bytes more. */
function connection(from: number, most = BYTES.length): Readable {
  function* pieces() {
    for (const byte of BYTES.subarray(from, from + most)) yield Buffer.of(byte)
    if (from + most < BYTES.length) throw new Error('the line broke')
  }
  return Readable.from(pieces(), { objectMode: false })
}

const closeOf = (body: Readable) => new Promise<void>((resolve) => body.once('close', resolve))

test('a body goes on where its connections broke, for as long as each brings something', async () => {
  const opened: number[] = []
  const body = readOn(connection(0, 4), BYTES.length, (given) => {
    opened.push(given)
    return Promise.resolve(connection(given, 4))
  })
  expect((await buffer(body)).toString()).toBe(BYTES.toString())
  expect(opened).toEqual([4, 8, 12, 16, 20, 24, 28])
})

test('a store that gives nothing any more is given up, with what it said', async () => {
  let tries = 0
  const body = readOn(connection(0, 4), BYTES.length, (given) => {
    tries += 1
    return Promise.resolve(connection(given, 0))
  })
  await expect(buffer(body)).rejects.toThrow('the line broke')
  expect(tries).toBe(3)
})

test('a connection that breaks before anybody reads is no accident of the process', async () => {
  const first = connection(0, 0)
  const body = readOn(first, BYTES.length, (given) => Promise.resolve(connection(given)))
  first.destroy(new Error('silence for too long'))
  await closeOf(first)
  expect((await buffer(body)).toString()).toBe(BYTES.toString())
})

test.for([
  ['before it has read', 0],
  ['in the middle', 5],
])('a reader that leaves %s opens nothing more, and its connection is closed', async ([, pieces]) => {
  const first = connection(0)
  const body = readOn(first, BYTES.length, () => Promise.reject(new Error('opened again')))
  const reader = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  for (let at = 0; at < Number(pieces); at++) await reader.next()
  const closed = closeOf(first)
  body.on('error', () => undefined).destroy(new Error('the reader left'))
  await closed
})
