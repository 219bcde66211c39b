import {
  UploadFailed,
  type Upload,
  type UploadEvents,
  type UploadedFile,
  type UploadMemory,
} from '../../../src/client/index.ts'
import { refusalOf, STALE } from './refusal.ts'
import type { TrackStore } from './track-store.ts'
import type { PickedFile, Track, TrackState } from './track.ts'

export type UploadCall = { resumeId?: string; on: UploadEvents }

export type UploadLineParts = {
  store: TrackStore
  upload: (file: File, call: UploadCall) => Upload
  begun: Pick<UploadMemory, 'find' | 'remember' | 'forget'>
  /** A file is on the server, whole. */
  onReady: (key: string) => void
}

/** One go at sending a file; without an upload as long as it is not known whether it was begun earlier. */
type Run = { upload?: Upload }

/**
 * Sends the files one after the other, each in parallel parts: a browser opens six connections to a host, no more. A file
 * that is paused lets the others pass.
 */
export class UploadLine {
  readonly #parts: UploadLineParts
  readonly #runs = new Map<string, Run>()

  constructor(parts: UploadLineParts) {
    this.#parts = parts
  }

  /** Goes on with the first file that waits, unless one is being sent. */
  advance(): void {
    const { store } = this.#parts
    const tracks = store.all()
    if (tracks.some(({ state }) => state.step === 'uploading')) return
    const next = tracks.find(({ state }) => state.step === 'waiting')
    if (!next?.picked) return
    store.change(next.key, { state: { step: 'uploading' } })
    const paused = this.#runs.get(next.key)
    if (paused) paused.upload?.resume()
    else void this.#run(next, next.picked)
  }

  pause(key: string): void {
    this.#runs.get(key)?.upload?.pause()
    this.#leave(key, { state: { step: 'paused' }, bytesPerSecond: undefined, etaMs: undefined })
  }

  resume(key: string): void {
    this.#leave(key, { state: { step: 'waiting' } })
  }

  /** Deletes what was sent. */
  cancel(key: string): void {
    const { begun, store } = this.#parts
    const upload = this.#runs.get(key)?.upload
    this.#runs.delete(key)
    upload?.cancel()
    const track = store.find(key)
    if (track) void begun.forget(track.file)
    this.#leave(key, { state: { step: 'cancelled' }, begunId: undefined })
  }

  #leave(key: string, patch: Partial<Track>): void {
    this.#parts.store.change(key, patch)
    this.advance()
  }

  async #run(track: Track, picked: PickedFile): Promise<void> {
    const { key } = track
    const run: Run = {}
    this.#runs.set(key, run)
    const isOurs = () => this.#runs.get(key) === run
    try {
      const uploaded = await this.#send(track, picked, run)
      if (!uploaded || !isOurs()) return
      const { id: uploadId, media } = uploaded
      void this.#parts.begun.forget(picked.file)
      this.#leave(key, { uploadId, media, begunId: undefined, uploaded: 100, state: { step: 'ready' } })
      this.#parts.onReady(key)
    } catch (error) {
      if (isOurs()) this.#fail(key, picked.file, refusalOf(error))
    } finally {
      if (isOurs()) this.#runs.delete(key)
    }
  }

  #fail(key: string, file: File, state: Extract<TrackState, { step: 'refused' }>): void {
    const mayGoOn = state.code === 'unreachable'
    if (!mayGoOn) void this.#parts.begun.forget(file)
    this.#leave(key, { state, ...(!mayGoOn && { begunId: undefined }) })
  }

  /** Gives nothing when it was paused before it began. */
  async #send({ key, begunId }: Track, picked: PickedFile, run: Run): Promise<UploadedFile | undefined> {
    const { begun, store, upload } = this.#parts
    const on = this.#events(key, picked)
    const send = (call: UploadCall) => {
      run.upload = upload(picked.file, call)
      return run.upload.finished
    }
    const resumeId = begunId ?? (await begun.find(picked.file))?.uploadId
    if (store.find(key)?.state.step !== 'uploading') return undefined
    if (resumeId === undefined) return send({ on })
    try {
      return await send({ on, resumeId })
    } catch (error) {
      // What was begun may have expired since, or be of a file that looks the same.
      if (!(error instanceof UploadFailed && STALE.has(error.code))) throw error
    }
    return send({ on })
  }

  #events(key: string, { file, handle }: PickedFile): UploadEvents {
    const { begun, store } = this.#parts
    const change = (patch: Partial<Track>) => store.change(key, patch)
    const step = () => store.find(key)?.state.step
    return {
      state: (told, upload) => {
        if (told === 'sending' && upload) {
          void begun.remember(file, upload.id, handle)
          change({ begunId: upload.id })
        }
        // Parts may turn out to be missing after all.
        if (told === 'sending' && step() === 'checking') change({ state: { step: 'uploading' } })
        if (told === 'finishing' && step() === 'uploading') this.#leave(key, { state: { step: 'checking' } })
      },
      progress: ({ bytes, size, bytesPerSecond, etaMs }) => {
        const uploaded = Math.max(store.find(key)?.uploaded ?? 0, (bytes / size) * 100)
        change({ uploaded, bytesPerSecond, etaMs })
      },
    }
  }
}
