import { WaveformView } from '../contract/index.ts'
import { parseMeter, probeSource, waveformArguments, type Tools } from '../ffmpeg/index.ts'
import { NothingDecoded } from './failures.ts'
import { MadeOnce, type MadeOnceParts } from './made-once.ts'
import { runToEnd } from './media-runs.ts'
import { Peaks } from './peaks.ts'
import type { ResultStore } from './result-store.ts'
import { withSound, type SoundAtHand } from './sound-work.ts'
import type { Sound, Sounds } from './sounds.ts'
import type { WorkFolders } from './work-folder.ts'

export type WaveformsParts = MadeOnceParts & {
  tools: Tools
  folders: WorkFolders
  sounds: Pick<Sounds, 'ofUpload' | 'ofResult'>
  /** Where pictures lie. */
  results: Pick<ResultStore, 'putText' | 'readText'>
}

/** Pictures of sound, with its loudness, kept beside the sound. */
export class Waveforms {
  readonly #parts: WaveformsParts
  readonly #pictures: MadeOnce<WaveformView>

  constructor(parts: WaveformsParts) {
    this.#parts = parts
    this.#pictures = new MadeOnce(parts)
  }

  /**
   * Of a finished upload; undefined while it is still being made, or when the client has left. Throws UploadNotFound,
   * UploadNotReady, UploadExpired, {@link NothingDecoded}, StoreUnavailable, DiskFull.
   */
  async ofUpload(id: string, gone: AbortSignal): Promise<WaveformView | undefined> {
    return this.#get(await this.#parts.sounds.ofUpload(id), gone)
  }

  /** Of a result; undefined while it is still being made. Throws as {@link ofUpload}, and what finding a result throws. */
  async ofResult(id: string, gone: AbortSignal): Promise<WaveformView | undefined> {
    return this.#get(await this.#parts.sounds.ofResult(id), gone)
  }

  #get(sound: Sound, gone: AbortSignal): Promise<WaveformView | undefined> {
    const { results, folders } = this.#parts
    const key = sound.keyOf('waveform.json')
    const kept = {
      key,
      id: sound.id,
      find: async () => {
        const text = await results.readText(key)
        return text === '' ? undefined : WaveformView.parse(JSON.parse(text))
      },
      make: async (signal: AbortSignal) => {
        const view = await withSound(folders, sound, signal, (at) => this.#draw(at))
        await results.putText(key, JSON.stringify(view))
        return view
      },
    }
    return this.#pictures.get(kept, gone)
  }

  async #draw({ folder: { path: folder }, file, signal }: SoundAtHand): Promise<WaveformView> {
    const { tools } = this.#parts
    const source = await probeSource(tools, folder, file, signal)
    const peaks = new Peaks()
    const output = waveformArguments(source, tools)
    const run = { folder, sources: source.files, output, signal, level: 'info' as const }
    const stderr = await runToEnd(tools, { ...run, onOutput: (chunk) => peaks.add(chunk) })
    const picture = peaks.toView(source.whole.sampleRateHz)
    if (picture.length === 0) throw new NothingDecoded()
    const loudness = parseMeter(stderr)
    return { ...picture, ...(loudness && { loudness }) }
  }
}
