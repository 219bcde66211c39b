import { KiB } from '../../kernel/units.ts'
import { S3Error } from './errors.ts'

/** Reads lines and counted runs of bytes from one stream in turn. Throws IncompleteBody when it ends too early. */
export type ByteReader = {
  /** Up to the next CRLF, which is swallowed. */
  readonly line: () => Promise<string>
  /** Exactly `count` bytes, in the pieces they come in. */
  readonly take: (count: number) => AsyncGenerator<Buffer>
}

/** Far above any chunk header or trailer; a longer line is not ours. */
const MAX_LINE_BYTES = 8 * KiB

export function readBytes(source: AsyncIterable<Buffer>): ByteReader {
  const pieces = source[Symbol.asyncIterator]()
  let left: Buffer = Buffer.alloc(0)

  async function more(): Promise<Buffer> {
    const next = await pieces.next()
    if (next.done) throw new S3Error('IncompleteBody')
    return next.value
  }

  async function line(): Promise<string> {
    for (;;) {
      const end = left.indexOf('\r\n')
      if (end >= 0) {
        const text = left.toString('latin1', 0, end)
        left = left.subarray(end + 2)
        return text
      }
      if (left.length > MAX_LINE_BYTES) throw new S3Error('IncompleteBody', 'A line of the body is too long.')
      left = Buffer.concat([left, await more()])
    }
  }

  async function* take(count: number): AsyncGenerator<Buffer> {
    for (let missing = count; missing > 0;) {
      if (left.length === 0) left = await more()
      const piece = left.subarray(0, missing)
      left = left.subarray(piece.length)
      missing -= piece.length
      yield piece
    }
  }

  return { line, take }
}
