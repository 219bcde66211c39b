import { makeZip, predictLength } from 'client-zip'
import { Readable } from 'node:stream'

/** A file of a zip: opened when its turn comes, and then it must have the `size` that was announced, in bytes. */
export type ZippedFile = { name: string; lastModified: Date; size: number; open: () => Promise<Readable> }

/** The size of the zip of these files. */
export const zipSize = (files: readonly ZippedFile[]): bigint => predictLength(files.map(sizeOnly))

const sizeOnly = ({ name, size }: ZippedFile) => ({ name, size })

/** The zip of these files, made as it is read. Fails when one of them cannot be read, or has another size. */
export const readZip = (files: readonly ZippedFile[]): Readable => Readable.fromWeb(makeZip(inTurn(files)))

async function* inTurn(files: readonly ZippedFile[]) {
  for (const { open, size, ...about } of files) {
    const body = await open()
    try {
      yield { ...about, input: exactly(size, body) }
    } finally {
      body.destroy() // when the reader leaves, client-zip throws in here, and closes nothing itself
    }
  }
}

/** The bytes of a file. One more or less, and the zip would not be as long as its `Content-Length` says. */
async function* exactly(size: number, body: Readable): AsyncGenerator<Uint8Array> {
  let left = size
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    left -= piece.length
    if (left < 0) break
    yield piece
  }
  if (left !== 0) throw new Error('A result has not the size that was announced.')
}
