import { open, type FileHandle } from 'node:fs/promises'

/**
 * Whether a file ends before its own header or its last page says it does. FFmpeg reads such files to where they end and
 * says nothing, when the cut lies between two blocks. Only containers that tell their end are looked at, by their first
 * bytes: RIFF and RF64 (WAV, AVI), Wave64, Ogg. Throws what opening and reading throw.
 */
export async function endsEarly(path: string): Promise<boolean> {
  await using file = await open(path)
  const { size } = await file.stat()
  const head = await read(file, 0, HEAD_BYTES)
  if (head.length < HEAD_BYTES) return false
  if (head.toString('latin1', 0, 4) === 'OggS')
    return !hasLastPage(await read(file, size - PAGE_BYTES, PAGE_BYTES))
  const announced = announcedBytes(head)
  return announced !== undefined && announced > size + SLACK_BYTES
}

const HEAD_BYTES = 28
/** Writers count the header in, or a byte of padding out: that is no sound. */
const SLACK_BYTES = 64
/** Whoever streams a WAV file does not know its size yet, and writes one from here on, or none. */
const UNKNOWN_SIZES_FROM = 0x7fff_0000

function announcedBytes(head: Buffer): number | undefined {
  switch (head.toString('latin1', 0, 4)) {
    case 'RIFF': {
      const size = head.readUInt32LE(4)
      return size >= UNKNOWN_SIZES_FROM ? undefined : size + 8
    }
    // EBU Tech 3306: the size that 32 bits cannot hold stands in the chunk that comes first, ds64.
    case 'RF64':
    case 'BW64':
      return head.toString('latin1', 12, 16) === 'ds64' ? wide(head, 20) : undefined
    // Wave64: GUIDs of 16 bytes begin with the names of RIFF; the size counts its own header.
    case 'riff':
      return wide(head, 16)
    default:
      return undefined
  }
}

const wide = (head: Buffer, at: number): number => Number(head.readBigInt64LE(at))

/** A page of Ogg (RFC 3533, 6): 27 bytes of header, up to 255 sizes, up to 255 bytes for each. */
const PAGE_BYTES = 27 + 255 + 255 * 255
const PAGE_HEADER_BYTES = 27
const END_OF_STREAM = 4

/** Whether the last page there is says that it is the last, and is there to its last byte. */
function hasLastPage(tail: Buffer): boolean {
  const at = tail.lastIndexOf('OggS')
  if (at === -1 || at + PAGE_HEADER_BYTES > tail.length) return false
  const isLast = ((tail[at + 5] ?? 0) & END_OF_STREAM) !== 0
  const sizes = tail.subarray(at + PAGE_HEADER_BYTES, at + PAGE_HEADER_BYTES + (tail[at + 26] ?? 0))
  const bytes = sizes.reduce((sum, size) => sum + size, PAGE_HEADER_BYTES + sizes.length)
  return isLast && at + bytes <= tail.length
}

async function read(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, Math.max(0, from))
  return buffer.subarray(0, bytesRead)
}
