import { PassThrough, Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { crc32OfStream } from './crc32-of-stream.ts'

const { signal: staying } = new AbortController()

test('the checksum is that of all bytes, however they are cut', async () => {
  const body = Readable.from([Buffer.from('1234'), Buffer.from('56789')])
  expect(await crc32OfStream(body, staying)).toBe('cbf43926') // the check value of CRC-32/ISO-HDLC
})

test('a stream that does not end is closed when the signal aborts, whose reason is thrown', async () => {
  const stopping = new AbortController()
  const body = new PassThrough()
  body.write('some bytes')
  const checksum = crc32OfStream(body, stopping.signal)
  const refused = expect(checksum).rejects.toThrow('The process stops.')
  await setImmediate()
  stopping.abort(new Error('The process stops.'))
  await refused
  expect(body.destroyed).toBe(true)
})

test('a stream that breaks by itself is told as it is', async () => {
  const body = new PassThrough()
  const refused = expect(crc32OfStream(body, staying)).rejects.toThrow('cut')
  body.destroy(new Error('cut'))
  await refused
})
