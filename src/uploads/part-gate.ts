import { Transform, type TransformCallback } from 'node:stream'
import { crc32 } from 'node:zlib'
import { crc32Hex } from '../kernel/crc32-hex.ts'
import { KiB } from '../kernel/units.ts'
import { ChecksumMismatch, PartSize } from './failures.ts'

/** The end of a part that is let through only when the whole part was right. */
const HELD_BACK_BYTES = 64 * KiB

/**
 * Passes a part on while counting its bytes and CRC-32, and holds its end back until both match: what is wrong never
 * reaches S3 whole, so S3 stores nothing of it. Fails with {@link PartSize} or {@link ChecksumMismatch}.
 */
export class PartGate extends Transform {
  readonly #expected: { part: number; size: number; crc32: string | undefined }
  #held: Buffer[] = []
  #heldBytes = 0
  #bytes = 0
  #crc = 0

  constructor(expected: { part: number; size: number; crc32: string | undefined }) {
    super()
    this.#expected = expected
  }

  /** Bytes that came so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** CRC-32 of what came so far, 8 hex digits. */
  get crc32(): string {
    return crc32Hex(this.#crc)
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#bytes += chunk.length
    this.#crc = crc32(chunk, this.#crc)
    if (this.#bytes > this.#expected.size) return done(this.wrongSize())
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    this.#letThrough(this.#heldBytes - HELD_BACK_BYTES)
    done()
  }

  /** The first of the bytes that are held back, as soon as others are: S3 hears of a part whenever its sender does something. */
  #letThrough(bytes: number): void {
    let left = bytes
    while (left > 0) {
      const [first] = this.#held
      if (!first) return
      const piece = first.subarray(0, left)
      if (piece.length === first.length) this.#held.shift()
      else this.#held[0] = first.subarray(piece.length)
      this.#heldBytes -= piece.length
      left -= piece.length
      this.push(piece)
    }
  }

  override _flush(done: TransformCallback): void {
    const { size, crc32: expected } = this.#expected
    if (this.#bytes !== size) return done(this.wrongSize())
    if (expected !== undefined && expected.toLowerCase() !== this.crc32)
      return done(new ChecksumMismatch(expected.toLowerCase(), this.crc32))
    for (const chunk of this.#held) this.push(chunk)
    done()
  }

  /** What is wrong when not exactly the expected bytes came. */
  wrongSize(): PartSize {
    return new PartSize(this.#expected.part, this.#expected.size, this.#bytes)
  }
}
