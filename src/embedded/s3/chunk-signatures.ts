import { createHash } from 'node:crypto'
import type { ChunkChecker } from './aws-chunked.ts'
import { S3Error } from './errors.ts'
import { sameSignature, sha256, sign, type Signing } from './sigv4.ts'

/**
 * Checks a chain of signatures: each chunk signs the signature before it, the first one that of the request itself.
 * The strings to sign are those of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and, for the
 * trailer, https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html.
 */
export function checkChunkSignatures(signing: Signing, seedSignature: string): ChunkChecker {
  let previous = seedSignature
  let hash = createHash('sha256')

  const compare = (given: string, expected: string): void => {
    if (!sameSignature(given, expected)) throw new S3Error('SignatureDoesNotMatch')
    previous = expected
  }

  return {
    data: (piece) => void hash.update(piece),
    chunk(signature) {
      compare(signature, sign(signing, 'AWS4-HMAC-SHA256-PAYLOAD', previous, sha256(''), hash.digest('hex')))
      hash = createHash('sha256')
    },
    trailer(lines, signature) {
      compare(signature, sign(signing, 'AWS4-HMAC-SHA256-TRAILER', previous, sha256(lines)))
    },
  }
}
