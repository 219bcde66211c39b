import { createReadStream } from 'node:fs'

/** How a page of Ogg begins: its name and version 0 (RFC 3533, 6); the type comes after it. */
const PAGE = Buffer.from('OggS\0', 'latin1')
const BEGINS_STREAM = 2
const CHUNK_BYTES = 1 << 20

/**
 * Whether an Ogg file is a chain of links (RFC 3533, 4): one page of it begins a stream after another went on with one.
 * The file is read to its end, or to the second link; names of pages that are no pages can only make a chain of it.
 * Throws what reading throws.
 */
export async function isChain(path: string): Promise<boolean> {
  let [carried, hasGoneOn] = [Buffer.alloc(0), false]
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([carried, chunk])
    for (const type of pageTypes(bytes)) {
      const begins = (type & BEGINS_STREAM) !== 0
      if (begins && hasGoneOn) return true
      hasGoneOn ||= !begins
    }
    carried = bytes.subarray(-PAGE.length)
  }
  return false
}

/** Types of the pages that begin in these bytes, without one whose type is not among them. */
function* pageTypes(bytes: Buffer): Generator<number> {
  for (let at = bytes.indexOf(PAGE); at !== -1; at = bytes.indexOf(PAGE, at + 1)) {
    const type = bytes[at + PAGE.length]
    if (type !== undefined) yield type
  }
}
