import { WaveformView } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { parseMeter, probe, ToolFailed, waveformArguments, type Tools } from '../ffmpeg/index.ts'
import { uploadPrefix, type Sources } from '../uploads/index.ts'
import type { Conversions } from './conversions.ts'
import { JobExpired, WaveformFailed } from './failures.ts'
import { fetchSource, type ReadSource } from './fetch-source.ts'
import { runToEnd } from './media-runs.ts'
import { Peaks } from './peaks.ts'
import type { ResultStore } from './result-store.ts'
import type { WorkFolders } from './work-folder.ts'

/** Whoever asks waits this long at most: load balancers end requests that give no answer. */
const PATIENCE_MS = 20 * SECOND_MS

export type WaveformsParts = {
  tools: Tools
  folders: WorkFolders
  /** Where sources, results and pictures lie. */
  read: ReadSource
  results: Pick<ResultStore, 'putText' | 'readText' | 'open'>
  sources: Pick<Sources, 'claim'>
  conversions: Pick<Conversions, 'findResult'>
  clock: Clock
  log: Log
}

/** Sound in the store: how to read it, and the key under which its picture goes. */
type Sound = { key: string; id: string; sizeBytes: number; read: ReadSource }

/**
 * Pictures of sound, with its loudness. Each is made once, when somebody first asks for it, and kept beside the sound; one
 * at a time in a process, since jobs need the processors more.
 */
export class Waveforms {
  readonly #parts: WaveformsParts
  readonly #making = new Map<string, Promise<WaveformView>>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: WaveformsParts) {
    this.#parts = parts
  }

  /**
   * Of a finished upload; undefined while it is still being made. Throws UploadNotFound, UploadNotReady, UploadExpired,
   * {@link WaveformFailed}, StoreUnavailable, DiskFull.
   */
  async ofUpload(id: string): Promise<WaveformView | undefined> {
    const { sources, clock, read } = this.#parts
    const { session } = await sources.claim(id, clock.now())
    return this.#get({ key: `${uploadPrefix(id)}waveform.json`, id, sizeBytes: session.size, read })
  }

  /** Of a result; undefined while it is still being made. Throws as {@link ofUpload}, and what finding a result throws. */
  async ofResult(id: string): Promise<WaveformView | undefined> {
    const { conversions, results } = this.#parts
    const result = await conversions.findResult(id)
    const read = async () => {
      const bytes = await results.open(result, undefined)
      if (!bytes) throw new JobExpired(id)
      return bytes.body
    }
    return this.#get({ key: `${result.key}.waveform.json`, id, sizeBytes: result.size, read })
  }

  async #get(sound: Sound): Promise<WaveformView | undefined> {
    const known = await this.#parts.results.readText(sound.key)
    if (known !== '') return WaveformView.parse(JSON.parse(known))
    const over = new AbortController()
    const patience = this.#parts.clock.sleep(PATIENCE_MS, over.signal).then(() => undefined)
    try {
      return await Promise.race([this.#once(sound), patience])
    } finally {
      over.abort()
    }
  }

  #once(sound: Sound): Promise<WaveformView> {
    const under = this.#making.get(sound.key)
    if (under) return under
    const made = this.#last.then(() => this.#make(sound))
    this.#last = made.catch((err: unknown) => this.#parts.log.warn({ err, id: sound.id }, 'no waveform made'))
    this.#making.set(sound.key, made)
    void this.#last.finally(() => this.#making.delete(sound.key))
    return made
  }

  async #make({ key, id: uploadId, sizeBytes, read }: Sound): Promise<WaveformView> {
    const { tools, folders, results } = this.#parts
    const { signal } = new AbortController()
    await using folder = await folders.make(sizeBytes)
    await fetchSource(read, { uploadId, sizeBytes, folder, file: FILE, signal })
    const { sampleRateHz } = await probe(tools, folder.path, FILE)
    const peaks = new Peaks()
    const run = {
      folder: folder.path,
      sources: [FILE],
      output: waveformArguments(),
      signal,
      level: 'info' as const,
    }
    const stderr = await runToEnd(tools, { ...run, onOutput: (chunk) => peaks.add(chunk) }).catch(refuse)
    const picture = peaks.toView(sampleRateHz)
    if (picture.length === 0) throw new WaveformFailed()
    const loudness = parseMeter(stderr)
    const view = { ...picture, ...(loudness && { loudness }) }
    await results.putText(key, JSON.stringify(view))
    return view
  }
}

const FILE = 'sound'

function refuse(error: unknown): never {
  throw error instanceof ToolFailed && error.exitCode !== null ? new WaveformFailed({ cause: error }) : error
}
