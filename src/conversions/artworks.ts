import { probe, type Tools } from '../ffmpeg/index.ts'
import { thumbnailKey } from '../uploads/index.ts'
import { NoArtwork } from './failures.ts'
import { ConversionRefused } from './job-errors.ts'
import { MadeOnce, type MadeOnceParts } from './made-once.ts'
import type { ResultStore } from './result-store.ts'
import { withSound, type SoundAtHand } from './sound-work.ts'
import type { SourceSound, Sounds } from './sounds.ts'
import { thumbnailOf } from './thumbnails.ts'
import type { WorkFolders } from './work-folder.ts'

export type ArtworksParts = MadeOnceParts & {
  tools: Tools
  folders: WorkFolders
  sounds: Pick<Sounds, 'ofUpload'>
  /** Where small pictures lie. */
  results: Pick<ResultStore, 'putBytes' | 'readBytes'>
}

/** What is kept where there is a cover that nobody can see: so it is tried once only. */
const NOTHING = Buffer.alloc(0)

/** Covers of sources as small pictures, encoded anew, so that no bytes of strangers reach a browser's decoder. */
export class Artworks {
  readonly #parts: ArtworksParts
  readonly #pictures: MadeOnce<Buffer>

  constructor(parts: ArtworksParts) {
    this.#parts = parts
    this.#pictures = new MadeOnce(parts)
  }

  /**
   * A JPEG: of the cover that was sent, unless the `embedded` one is wanted, else of that; undefined while it is still
   * being made, or when the client has left. Throws {@link NoArtwork}, UploadNotFound, UploadNotReady, UploadExpired,
   * StoreUnavailable, DiskFull.
   */
  async ofUpload(
    id: string,
    { embedded }: { embedded: boolean },
    gone: AbortSignal,
  ): Promise<Buffer | undefined> {
    const sound = await this.#parts.sounds.ofUpload(id)
    const cover = embedded ? undefined : sound.cover
    const picture = cover
      ? ((await this.#parts.results.readBytes(thumbnailKey(id, cover))) ?? NOTHING)
      : await this.#embedded(sound, gone)
    if (picture?.length === 0) throw new NoArtwork(id)
    return picture
  }

  async #embedded(sound: SourceSound, gone: AbortSignal): Promise<Buffer | undefined> {
    if (!sound.media.artwork) return NOTHING
    const { results, folders } = this.#parts
    const key = sound.keyOf('artwork.jpg')
    const kept = {
      key,
      id: sound.id,
      find: () => results.readBytes(key),
      make: async (signal: AbortSignal) => {
        const picture = await withSound(folders, sound, signal, (at) => this.#shrink(at))
        await results.putBytes(key, picture, 'image/jpeg')
        return picture
      },
    }
    return this.#pictures.get(kept, gone)
  }

  async #shrink({ folder: { path: folder }, file, signal }: SoundAtHand): Promise<Buffer> {
    const { tools } = this.#parts
    const { cover } = await probe(tools, folder, file, signal)
    if (!cover) return NOTHING
    const where = { folder, sources: [file], stream: cover.stream, signal }
    try {
      return (await thumbnailOf(tools, where)).jpeg
    } catch (error) {
      if (error instanceof ConversionRefused) return NOTHING
      throw error
    }
  }
}
