import { addAbortSignal, type Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { crc32Hex } from '../kernel/crc32-hex.ts'

/** The CRC-32 of all bytes of a stream, 8 hex digits. When the signal aborts, closes the stream and throws its reason. */
export async function crc32OfStream(body: Readable, signal: AbortSignal): Promise<string> {
  let crc = 0
  try {
    for await (const chunk of addAbortSignal(signal, body)) crc = crc32(chunk as Buffer, crc)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
  return crc32Hex(crc)
}
