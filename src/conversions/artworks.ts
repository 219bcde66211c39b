import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { probe, thumbnailArguments, type Tools } from '../ffmpeg/index.ts'
import { NoArtwork } from './failures.ts'
import { ConversionRefused } from './job-errors.ts'
import { MadeOnce } from './made-once.ts'
import { refuseUnconvertible, runToEnd } from './media-runs.ts'
import type { ResultStore } from './result-store.ts'
import { withSound, type SoundAtHand } from './sound-work.ts'
import type { SourceSound, Sounds } from './sounds.ts'
import type { WorkFolders } from './work-folder.ts'

export type ArtworksParts = {
  tools: Tools
  folders: WorkFolders
  sounds: Pick<Sounds, 'ofUpload'>
  /** Where small pictures lie. */
  results: Pick<ResultStore, 'putBytes' | 'readBytes'>
  clock: Clock
  log: Log
}

/** What is kept where there is a cover that nobody can see: so it is tried once only. */
const NOTHING = Buffer.alloc(0)
const FILE = 'artwork.jpg'

/** Covers of sources as small pictures, encoded anew, so that no bytes of strangers reach a browser's decoder. */
export class Artworks {
  readonly #parts: ArtworksParts
  readonly #pictures: MadeOnce<Buffer>

  constructor(parts: ArtworksParts) {
    this.#parts = parts
    this.#pictures = new MadeOnce(parts)
  }

  /**
   * A JPEG; undefined while it is still being made. Throws {@link NoArtwork}, UploadNotFound, UploadNotReady,
   * UploadExpired, StoreUnavailable, DiskFull.
   */
  async ofUpload(id: string): Promise<Buffer | undefined> {
    const sound = await this.#parts.sounds.ofUpload(id)
    if (!sound.media.artwork) throw new NoArtwork(id)
    const picture = await this.#get(sound)
    if (picture?.length === 0) throw new NoArtwork(id)
    return picture
  }

  #get(sound: SourceSound): Promise<Buffer | undefined> {
    const { results, folders } = this.#parts
    const key = sound.keyOf(FILE)
    return this.#pictures.get({
      ...{ key, id: sound.id },
      find: () => results.readBytes(key),
      make: async () => {
        const picture = await withSound(folders, sound, (at) => this.#shrink(at))
        await results.putBytes(key, picture, 'image/jpeg')
        return picture
      },
    })
  }

  async #shrink({ folder: { path: folder }, file, signal }: SoundAtHand): Promise<Buffer> {
    const { tools } = this.#parts
    const { cover } = await probe(tools, folder, file, signal)
    if (!cover) return NOTHING
    const run = { folder, sources: [file], ofPicture: true, signal }
    const output = thumbnailArguments(cover.stream, FILE)
    try {
      await runToEnd(tools, { ...run, output }).catch(refuseUnconvertible)
      return await readFile(path.join(folder, FILE))
    } catch (error) {
      if (error instanceof ConversionRefused) return NOTHING
      throw error
    }
  }
}
