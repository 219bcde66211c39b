import path from 'node:path'
import type { Clock } from '../kernel/clock.ts'
import type { Tools } from '../ffmpeg/index.ts'
import { coverKey, thumbnailKey, type Cover, type Sources } from '../uploads/index.ts'
import { quoted } from './result-warnings.ts'
import { ArtworkRefused } from './failures.ts'
import { ConversionRefused } from './job-errors.ts'
import { Line } from './line.ts'
import { pictureFileOf } from './own-cover.ts'
import { announced, receivePicture, type IncomingPicture } from './picture-intake.ts'
import type { ResultStore } from './result-store.ts'
import { thumbnailOf, type PictureAtHand } from './thumbnails.ts'
import type { WorkFolders } from './work-folder.ts'

export type OwnArtworksParts = {
  tools: Tools
  folders: WorkFolders
  results: Pick<ResultStore, 'put' | 'putBytes'>
  sources: Pick<Sources, 'claim' | 'setCover'>
  clock: Clock
  /** Aborts when the process stops and nobody waits for an answer any more. */
  shutdown: AbortSignal
}

/** Digits of a digest of 256 bits that are kept: enough that no two pictures share them. */
const DIGEST_LENGTH = 32

/**
 * Covers that people send for their uploads. A picture's key has its digest, so that a job can name the one it was asked
 * with: that one stays until the upload goes, whatever is sent after it.
 */
export class OwnArtworks {
  readonly #parts: OwnArtworksParts
  /** A picture takes much memory for a moment. */
  readonly #decoding = new Line()

  constructor(parts: OwnArtworksParts) {
    this.#parts = parts
  }

  /**
   * Takes a cover for a finished upload, in place of what was sent before. Throws NoPictureType, LengthMissing,
   * ArtworkTooLarge, ArtworkRefused, ArtworkStalled, UploadNotFound, UploadNotReady, UploadExpired, DiskFull. When the client
   * leaves (`gone`) before the picture is stored, the cover stays as it was: sending it again is safe.
   */
  async put(uploadId: string, incoming: IncomingPicture, gone: AbortSignal): Promise<void> {
    const { sources, folders, results, clock, shutdown } = this.#parts
    await sources.claim(uploadId, clock.now())
    const { mimeType, size } = announced(incoming)
    await using folder = await folders.make(size)
    const signal = AbortSignal.any([gone, shutdown])
    const picture = pictureFileOf(mimeType)
    const at = path.join(folder.path, picture.file)
    const digest = (await receivePicture(incoming.body, at)).toString('hex').slice(0, DIGEST_LENGTH)
    const where = { folder: folder.path, sources: [], picture, stream: 0, signal }
    const small = await this.#decoding.do(() => this.#shrink(where))
    const cover: Cover = { digest, mimeType, size }
    const key = coverKey(uploadId, cover)
    await results.put({ path: at, key, sizeBytes: size, mimeType }, signal, () => undefined)
    await results.putBytes(thumbnailKey(uploadId, cover), small, 'image/jpeg')
    await sources.setCover(uploadId, cover)
  }

  /** What FFmpeg finds fault with here, it would find fault with in every job, as if the sound were damaged. */
  async #shrink(picture: PictureAtHand): Promise<Buffer> {
    const { jpeg, complaints } = await thumbnailOf(this.#parts.tools, picture).catch(refusePicture)
    if (jpeg.length === 0 || complaints !== '')
      throw new ArtworkRefused(`it cannot be decoded without fault${quoted(complaints)}`)
    return jpeg
  }

  /** Takes it away again. Safe to repeat. Throws UploadNotFound, UploadNotReady, UploadExpired. */
  async remove(uploadId: string): Promise<void> {
    const { sources, clock } = this.#parts
    const { session } = await sources.claim(uploadId, clock.now())
    if (session.cover) await sources.setCover(uploadId, undefined)
  }
}

function refusePicture(error: unknown): never {
  if (!(error instanceof ConversionRefused)) throw error
  throw new ArtworkRefused(`it cannot be decoded${quoted(error.log)}`, { cause: error })
}
