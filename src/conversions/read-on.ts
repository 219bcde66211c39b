import { Readable } from 'node:stream'

/** Connections in a row that end without a byte before the store is given up. */
const MOST_VAIN = 3

/** Opens what is left after so many bytes. */
type Reopen = (given: number) => Promise<Readable>

/**
 * The `length` bytes of `first`; when its connection ends before them, the rest comes from another one. So a reader may
 * pause for as long as it likes, although no store keeps a connection that stands still.
 */
export function readOn(first: Readable, length: number, reopen: Reopen): Readable {
  let current = heldOpen(first)
  const body = Readable.from(pieces(), { objectMode: false })
  // A reader that leaves before its first read starts no generator, and so ends none.
  body.once('close', () => current.destroy())
  return body

  async function* pieces(): AsyncGenerator<Uint8Array> {
    let given = 0
    for (let vain = 0; ;) {
      try {
        for await (const piece of current as AsyncIterable<Uint8Array>) {
          given += piece.length
          vain = 0
          yield piece
        }
        return
      } catch (error) {
        vain += 1
        if (body.destroyed || given >= length || vain > MOST_VAIN) throw error
        current = heldOpen(await reopen(given))
      }
    }
  }
}

/** It may break while nobody reads it; the next read learns of that. */
const heldOpen = (body: Readable) => body.on('error', () => undefined)
