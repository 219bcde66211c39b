import { S3Error } from './errors.ts'
import { readBytes } from './read-bytes.ts'

/** Checks the signatures inside a body; each method throws SignatureDoesNotMatch. */
export type ChunkChecker = {
  /** Called with every piece of a chunk's data. */
  data(piece: Buffer): void
  /** Called at the end of every chunk, the empty last one too. */
  chunk(signature: string): void
  /** Called with the trailers as they are signed: `name:value\n` each. */
  trailer(lines: string, signature: string): void
}

/** `<size in hex>[;chunk-signature=<hex>]`, no more than a line of it. */
const CHUNK_HEADER = /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/i
const MAX_TRAILERS = 16
/** The trailer that signs the others. */
export const TRAILER_SIGNATURE = 'x-amz-trailer-signature'

/**
 * Takes the `aws-chunked` coding off a body and yields the data, no matter where the pieces of `source` were cut. The
 * trailers are put into `trailers` under their lower-case names before the last piece is handed out as done.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html (signed chunks) and
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html (trailers).
 * Throws IncompleteBody when the body ends early or is not in this coding.
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
  checker?: ChunkChecker,
): AsyncGenerator<Buffer> {
  const reader = readBytes(source)
  for (;;) {
    const [, hexSize, signature = ''] = CHUNK_HEADER.exec(await reader.line()) ?? []
    if (hexSize === undefined) throw new S3Error('IncompleteBody', 'A chunk header is malformed.')
    const size = Number.parseInt(hexSize, 16)
    for await (const piece of reader.take(size)) {
      checker?.data(piece)
      yield piece
    }
    checker?.chunk(signature)
    if (size === 0) break
    if ((await reader.line()) !== '') throw new S3Error('IncompleteBody', 'A chunk is longer than it said.')
  }
  await readTrailers(reader.line, trailers, checker)
}

async function readTrailers(
  line: () => Promise<string>,
  trailers: Map<string, string>,
  checker?: ChunkChecker,
) {
  let signed = ''
  for (let text = await line(); text !== ''; text = await line()) {
    const [, name = '', value = ''] = /^([^:]+):(.*)$/.exec(text) ?? []
    if (name === '' || trailers.size === MAX_TRAILERS)
      throw new S3Error('IncompleteBody', 'A trailer is malformed.')
    trailers.set(name.toLowerCase().trim(), value.trim())
    if (name.toLowerCase() !== TRAILER_SIGNATURE) signed += `${name.toLowerCase().trim()}:${value.trim()}\n`
  }
  if (signed !== '') checker?.trailer(signed, trailers.get(TRAILER_SIGNATURE) ?? '')
}
