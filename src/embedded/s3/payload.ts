import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { GiB, MiB } from '../../kernel/units.ts'
import type { Grant } from './authorize.ts'
import { decodeAwsChunked } from './aws-chunked.ts'
import type { Checksum, ChecksumAlgorithm } from './checksums.ts'
import { checkChunkSignatures } from './chunk-signatures.ts'
import { S3Error } from './errors.ts'
import { expectedDigests } from './expected-digests.ts'

/** What is known of a body once it has been read to its end and found intact. */
export type Received = {
  readonly sizeBytes: number
  readonly md5: string
  readonly checksum: Checksum | undefined
}

/** A body that proves itself while it is read. It can be read once. */
export type Payload = {
  /** Of the additional checksum the body comes with, known before it is read. */
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined
  /** Throws MissingContentLength or EntityTooLarge, before a byte has been read, if the body could not be stored. */
  checkDeclaredSize(): void
  /** The data in pieces. After the last one it throws unless size and digests are what the request declared. */
  content(): AsyncGenerator<Buffer>
  /** The whole of a small body as text. Throws MaxMessageLengthExceeded. */
  text(): Promise<string>
  /** Only after `content()` has ended. */
  received(): Received
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html: the most one PUT may bring. */
const MAX_CONTENT_BYTES = 5 * GiB
/** The list of 10,000 parts that completes an upload takes about 1.5 MB, more with checksums. */
const MAX_TEXT_BYTES = 4 * MiB

/** `beforeReading` is called once, right before the first byte is asked for. */
export function openPayload(incoming: IncomingMessage, grant: Grant, beforeReading: () => void): Payload {
  const { headers } = grant.request
  const streaming = grant.payloadHash.startsWith('STREAMING-')
  const declaredSize = readSize(headers.get(streaming ? 'x-amz-decoded-content-length' : 'content-length'))
  const trailers = new Map<string, string>()
  const expected = expectedDigests(grant, trailers)
  const md5 = createHash('md5')
  let sizeBytes = 0
  let done: Received | undefined

  async function* content(): AsyncGenerator<Buffer> {
    beforeReading()
    for await (const piece of decode(incoming, grant, trailers)) {
      sizeBytes += piece.length
      if (declaredSize !== undefined && sizeBytes > declaredSize) throw new S3Error('IncompleteBody')
      md5.update(piece)
      expected.update(piece)
      yield piece
    }
    if (declaredSize !== undefined && sizeBytes !== declaredSize) throw new S3Error('IncompleteBody')
    done = { sizeBytes, ...expected.verify(md5.digest()) }
  }

  return {
    checksumAlgorithm: expected.algorithm,
    checkDeclaredSize() {
      if (declaredSize === undefined) throw new S3Error('MissingContentLength')
      if (declaredSize > MAX_CONTENT_BYTES) throw new S3Error('EntityTooLarge')
    },
    content,
    text: () => collectText(content()),
    received() {
      if (!done) throw new Error('The body has not been read to its end')
      return done
    },
  }
}

/** The word in x-amz-content-sha256 says how the body is wrapped. */
function decode(
  incoming: IncomingMessage,
  grant: Grant,
  trailers: Map<string, string>,
): AsyncIterable<Buffer> {
  const body = buffers(incoming)
  switch (grant.payloadHash) {
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return decodeAwsChunked(body, trailers)
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return decodeAwsChunked(body, trailers, checkChunkSignatures(grant.signing, grant.signature))
    default:
      return body
  }
}

/** Leaves the connection open when the reader gives up, so that the client can still be told why. */
async function* buffers(incoming: IncomingMessage): AsyncGenerator<Buffer> {
  const pieces: AsyncIterable<unknown> = incoming.iterator({ destroyOnReturn: false })
  for await (const piece of pieces) if (Buffer.isBuffer(piece)) yield piece
}

const readSize = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined

async function collectText(content: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of content) {
    sizeBytes += piece.length
    if (sizeBytes > MAX_TEXT_BYTES) throw new S3Error('MaxMessageLengthExceeded')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
