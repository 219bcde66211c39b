import type { Media } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { mimeTypeOfMedia } from '../ffmpeg/index.ts'
import { sourceKey, uploadPrefix, UploadNotFound, type Cover, type Sources } from '../uploads/index.ts'
import type { Conversions } from './conversions.ts'
import { downloadOf } from './downloads.ts'
import { JobExpired } from './failures.ts'
import type { ReadSource } from './fetch-source.ts'
import type { Download } from './file-routes.ts'
import type { ResultStore } from './result-store.ts'

/** Sound in the store, be it a source or a result. Size in bytes. */
export type Sound = {
  id: string
  fileName: string
  size: number
  read: ReadSource
  /** What to throw when its bytes are found to be gone. */
  gone: () => Error
  /** The key under which something that was made of it is kept: cleanup removes it together with the sound. */
  keyOf: (name: string) => string
}

/** A source, with what was found in it, and the cover that was sent for it. */
export type SourceSound = Sound & { media: Media; cover: Cover | undefined }

export type SoundsParts = {
  read: ReadSource
  results: Pick<ResultStore, 'open' | 'link'>
  sources: Pick<Sources, 'claim'>
  conversions: Pick<Conversions, 'findResult'>
  clock: Clock
}

/** Finds what can be listened to. */
export class Sounds {
  readonly #parts: SoundsParts

  constructor(parts: SoundsParts) {
    this.#parts = parts
  }

  /** A finished upload. Throws UploadNotFound, UploadNotReady, UploadExpired. */
  async ofUpload(id: string): Promise<SourceSound> {
    const { sources, clock, read } = this.#parts
    const { session, media } = await sources.claim(id, clock.now())
    const keyOf = (name: string) => `${uploadPrefix(id)}${name}`
    const gone = () => new UploadNotFound(id)
    const { name: fileName, size, cover } = session
    return { id, fileName, size, media, cover, read, gone, keyOf }
  }

  /** What a job made. Throws JobNotFound, JobNotDone, JobExpired. */
  async ofResult(id: string): Promise<Sound> {
    const { conversions, results } = this.#parts
    const { key, size, fileName } = await conversions.findResult(id)
    const gone = () => new JobExpired(id)
    const read = async () => {
      const bytes = await results.open({ key, size }, undefined)
      if (!bytes) throw gone()
      return bytes.body
    }
    return { id, fileName, size, read, gone, keyOf: (name) => `${key}.${name}` }
  }

  /** The bytes of a finished upload. Throws as {@link ofUpload}. */
  async downloadOf(id: string): Promise<Download> {
    const { results } = this.#parts
    const { fileName, size, media, gone } = await this.ofUpload(id)
    const file = { key: sourceKey(id), size, fileName, mimeType: mimeTypeOfMedia(media) }
    return downloadOf(results, file, gone)
  }
}
