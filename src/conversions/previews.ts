import { stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  NotAudio,
  outputArguments,
  PREVIEW,
  previewOf,
  probe,
  probeSource,
  type Tools,
} from '../ffmpeg/index.ts'
import { downloadOf } from './downloads.ts'
import { NothingDecoded } from './failures.ts'
import type { Download } from './file-routes.ts'
import { DiskFull } from './job-errors.ts'
import { MadeOnce, type MadeOnceParts } from './made-once.ts'
import { runToEnd } from './media-runs.ts'
import { resultNameFor } from './result-names.ts'
import type { ResultStore } from './result-store.ts'
import { withSound, type SoundAtHand } from './sound-work.ts'
import type { Sound, Sounds } from './sounds.ts'
import type { WorkFolders } from './work-folder.ts'

export type PreviewsParts = MadeOnceParts & {
  tools: Tools
  folders: WorkFolders
  sounds: Pick<Sounds, 'ofUpload' | 'ofResult'>
  /** Where previews lie. */
  results: Pick<ResultStore, 'put' | 'sizeOf' | 'open' | 'link'>
  /** Longest audio that is made. */
  maxDurationMs: number
}

const FILE = `preview.${PREVIEW.extension}`
const METADATA_FILE = 'metadata.txt'

/** Sounds in a form that every browser plays, kept beside the sound. */
export class Previews {
  readonly #parts: PreviewsParts
  /** Their sizes in bytes. */
  readonly #files: MadeOnce<number>

  constructor(parts: PreviewsParts) {
    this.#parts = parts
    this.#files = new MadeOnce(parts)
  }

  /**
   * Of a finished upload; undefined while it is still being made, or when the client has left. Throws UploadNotFound,
   * UploadNotReady, UploadExpired, {@link NothingDecoded}, StoreUnavailable, DiskFull.
   */
  async ofUpload(id: string, gone: AbortSignal): Promise<Download | undefined> {
    return this.#get(await this.#parts.sounds.ofUpload(id), gone)
  }

  /** Of a result; undefined while it is still being made. Throws as {@link ofUpload}, and what finding a result throws. */
  async ofResult(id: string, gone: AbortSignal): Promise<Download | undefined> {
    return this.#get(await this.#parts.sounds.ofResult(id), gone)
  }

  async #get(sound: Sound, gone: AbortSignal): Promise<Download | undefined> {
    const { results, folders } = this.#parts
    const key = sound.keyOf(FILE)
    const kept = {
      key,
      id: sound.id,
      find: () => results.sizeOf(key),
      make: (signal: AbortSignal) => withSound(folders, sound, signal, (at) => this.#make(at, key)),
    }
    const size = await this.#files.get(kept, gone)
    return size === undefined ? undefined : this.#download(sound, key, size)
  }

  #download({ fileName, gone }: Sound, key: string, size: number): Download {
    const { results } = this.#parts
    const { mimeType, extension } = PREVIEW
    const file = { key, size, mimeType, fileName: resultNameFor(fileName, extension) }
    return downloadOf(results, file, gone)
  }

  async #make({ folder, file, signal }: SoundAtHand, key: string): Promise<number> {
    const { results } = this.#parts
    const sizeBytes = await this.#encode({ folder, file, signal })
    const at = path.join(folder.path, FILE)
    await results.put({ path: at, key, sizeBytes, mimeType: PREVIEW.mimeType }, signal, () => undefined)
    return sizeBytes
  }

  async #encode({ folder: { path: folder, freeBytes }, file, signal }: SoundAtHand): Promise<number> {
    const { tools, maxDurationMs } = this.#parts
    const { size: sourceBytes } = await stat(path.join(folder, file))
    const limits = { durationMs: maxDurationMs, bytes: freeBytes - sourceBytes }
    const source = await probeSource(tools, folder, file, signal)
    const { conversion, metadata } = previewOf(source, { output: FILE, limits })
    await writeFile(path.join(folder, METADATA_FILE), metadata)
    const output = outputArguments(conversion, tools)
    await runToEnd(tools, { folder, sources: source.files, metadata: METADATA_FILE, output, signal })
    const { size } = await stat(path.join(folder, FILE))
    if (size >= limits.bytes) throw new DiskFull()
    const made = await probe(tools, folder, FILE, signal).catch((error: unknown) => {
      throw error instanceof NotAudio ? new NothingDecoded({ cause: error }) : error
    })
    if (!made.durationMs) throw new NothingDecoded()
    return size
  }
}
