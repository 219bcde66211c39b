import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

/** How a page of Ogg begins: its name and version 0 (RFC 3533, 6); the type comes after it. */
const PAGE = Buffer.from('OggS\0', 'latin1')
const BEGINS_STREAM = 2
const CHUNK_BYTES = 1 << 20

/**
 * Where the links of an Ogg file begin (RFC 3533, 4), in bytes: a page of it begins a stream after another went on with
 * one. A file that is no chain has one link, and a file of another kind none. Names of pages that are no pages can only
 * add links. Throws what reading throws.
 */
export async function linksOf(path: string): Promise<number[]> {
  const links: number[] = []
  let [carried, from, hasGoneOn] = [Buffer.alloc(0), 0, true]
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([carried, chunk])
    if (from === 0 && !bytes.subarray(0, PAGE.length).equals(PAGE)) return []
    for (const { at, type } of pagesIn(bytes)) {
      const begins = (type & BEGINS_STREAM) !== 0
      if (begins && hasGoneOn) links.push(from + at)
      hasGoneOn = !begins
    }
    carried = bytes.subarray(-PAGE.length)
    from += bytes.length - carried.length
  }
  return links
}

/** Pages that begin in these bytes, without one whose type is not among them. */
function* pagesIn(bytes: Buffer): Generator<{ at: number; type: number }> {
  for (let at = bytes.indexOf(PAGE); at !== -1; at = bytes.indexOf(PAGE, at + 1)) {
    const type = bytes[at + PAGE.length]
    if (type !== undefined) yield { at, type }
  }
}

/** A part of a file, in bytes. */
export type Span = { from: number; to: number }

/**
 * A chain, cut where its links begin to have another rate, other channels or other blocks: no version of FFmpeg reads
 * over all of those, and FFmpeg 9 ends there. One part, the file, where none do.
 */
export async function partsOfOneKind(path: string): Promise<Span[]> {
  const links = await linksOf(path)
  await using file = await open(path)
  const { size } = await file.stat()
  const starts = [0]
  let before: string | undefined
  for (const at of links.length > 1 ? links : []) {
    const kind = kindOf(await payloadAt(file, at))
    if (before !== undefined && kind !== undefined && kind !== before) starts.push(at)
    before = kind ?? before
  }
  return starts.map((from, index) => ({ from, to: starts[index + 1] ?? size }))
}

const PAGE_HEADER_BYTES = 27
/** Of the first packet no more is looked at. */
const PAYLOAD_BYTES = 64

async function payloadAt(file: FileHandle, at: number): Promise<Buffer> {
  const most = PAGE_HEADER_BYTES + 255 + PAYLOAD_BYTES
  const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, at)
  const page = buffer.subarray(0, bytesRead)
  return page.subarray(PAGE_HEADER_BYTES + (page[PAGE_HEADER_BYTES - 1] ?? 0))
}

/** What the first packet says of the sound: Vorbis I, 4.2.2; RFC 7845, 5.1; RFC 9639, 8.2 and 10.1. */
function kindOf(packet: Buffer): string | undefined {
  const starts = (name: string) => packet.toString('latin1', 0, name.length) === name
  const hex = (from: number, to: number) => packet.toString('hex', from, to)
  if (starts('\x01vorbis')) return `vorbis ${hex(11, 16)}`
  if (starts('OpusHead')) return `opus ${hex(9, 10)}`
  // Lengths of blocks; of the last of 28 bits of rate, channels and depth begins the number of samples.
  if (starts('\x7fFLAC')) return `flac ${hex(17, 21)} ${hex(27, 31).slice(0, 7)}`
  return undefined
}
