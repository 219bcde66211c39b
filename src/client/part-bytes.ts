import { crc32Hex } from './crc32.ts'
import { UploadFailed } from './failure.ts'

/** The bytes of a file from `start` to before `end`, and their checksum. Throws UploadFailed `file-unreadable`. */
export async function readPart(file: Blob, start: number, end: number) {
  try {
    const body = new Uint8Array(await file.slice(start, end).arrayBuffer())
    return { body, crc32: crc32Hex(body) }
  } catch (cause) {
    throw new UploadFailed('file-unreadable', 'The file cannot be read any more', { cause })
  }
}
