import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MiB, SECOND_MS } from '../kernel/units.ts'
import { COVER_TYPES, type CoverType } from '../uploads/index.ts'
import { isDiskFull } from './fetch-source.ts'
import { DiskFull } from './job-errors.ts'
import { ArtworkRefused, ArtworkStalled, ArtworkTooLarge, LengthMissing, NoPictureType } from './failures.ts'

/** Less than what a FLAC file has room for (RFC 9639, 8.1: 24 bits tell the length of a block). */
const LARGEST_BYTES = 10 * MiB
const STALL_MS = 20 * SECOND_MS

/** A picture on its way in. `contentLength` in bytes. */
export type IncomingPicture = {
  body: Readable
  contentType: string | undefined
  contentLength: number | undefined
}

/** What was announced, before a byte of it is read. Throws NoPictureType, LengthMissing, ArtworkTooLarge, ArtworkRefused. */
export function announced({ contentType = '', contentLength }: IncomingPicture): {
  mimeType: CoverType
  size: number
} {
  const type = contentType.split(';')[0]?.trim().toLowerCase()
  const mimeType = COVER_TYPES.find((one) => one === type)
  if (!mimeType) throw new NoPictureType()
  if (contentLength === undefined) throw new LengthMissing()
  if (contentLength > LARGEST_BYTES) throw new ArtworkTooLarge(contentLength, LARGEST_BYTES)
  if (contentLength === 0) throw new ArtworkRefused('it is empty')
  return { mimeType, size: contentLength }
}

/**
 * Writes what comes to a file; gives its SHA-256. Throws ArtworkStalled when no byte comes for 20 s, ArtworkRefused when its
 * sender leaves, DiskFull. The rest of a body is read and dropped, since a sender that is cut off reads no answer.
 */
export async function receivePicture(body: Readable, file: string): Promise<Buffer> {
  const broken = new AbortController()
  const timer = setTimeout(() => broken.abort(new ArtworkStalled(STALL_MS / SECOND_MS)), STALL_MS)
  const gone = () => {
    if (!body.readableEnded) broken.abort(new ArtworkRefused('it did not arrive whole'))
  }
  body.on('error', gone).on('close', gone)
  if (body.destroyed) gone() // it hung up before anybody listened
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform(chunk: Buffer, _, done) {
      timer.refresh()
      hash.update(chunk)
      done(null, chunk)
    },
  })
  try {
    await pipeline(body.pipe(hashing), createWriteStream(file), { signal: broken.signal })
  } catch (error) {
    broken.signal.throwIfAborted()
    throw isDiskFull(error) ? new DiskFull({ cause: error }) : error
  } finally {
    clearTimeout(timer)
    body.off('close', gone).unpipe(hashing).resume()
  }
  return hash.digest()
}
