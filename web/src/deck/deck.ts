import {
  UploadFailed,
  type UploadedFile,
  type UploadEvents,
  type UploadMemory,
} from '../../../src/client/index.ts'
import type { JobRequest } from '../../../src/contract/jobs.ts'
import { refusalOf } from './refusal.ts'
import { createTrackStore } from './track-store.ts'
import type { Track, Wish } from './track.ts'

export type UploadCall = { resumeId?: string; signal: AbortSignal; on: UploadEvents }

export type DeckParts = {
  upload: (file: File, call: UploadCall) => Promise<UploadedFile>
  /** What was begun and is not complete, also on earlier visits. */
  begun: Pick<UploadMemory, 'find' | 'remember' | 'forget'>
  startJob: (request: JobRequest) => Promise<{ id: string; name: string }>
  cancelJob: (jobId: string) => Promise<unknown>
}

/** Codes that tell the server has the file no more. */
const GONE = new Set<string>(['upload-aborted', 'upload-expired', 'upload-not-found'])
/** Codes that tell a file cannot go on where it stopped, but may begin again. */
const STALE = new Set<string>([...GONE, 'file-changed'])

/**
 * The files of this visit. It lives outside the components: an upload goes on whatever is shown.
 * One file is uploaded at a time, in parallel parts: a browser opens six connections to a host, no more.
 */
export class Deck {
  readonly #parts: DeckParts
  readonly #store = createTrackStore()
  readonly #cancels = new Map<string, AbortController>()
  readonly #chosen = Promise.withResolvers<undefined>()
  #line = Promise.resolve()
  #wish: Wish | undefined
  #counter = 0

  readonly subscribe = this.#store.subscribe
  readonly tracks = this.#store.all

  constructor(parts: DeckParts) {
    this.#parts = parts
  }

  /** What files that are not converting yet are to become. */
  choose(wish: Wish): void {
    this.#wish = wish
    this.#chosen.resolve(undefined)
  }

  add(files: Iterable<File>): void {
    const added = Array.from(files, (file): Track => {
      return { key: this.#newKey(), file, attempt: 1, uploaded: 0, state: { step: 'waiting' } }
    })
    this.#store.append(added)
    for (const { key } of added) this.#enqueue(key)
  }

  /** Makes one more thing of a file that is on the server already. */
  convertAlso(key: string): void {
    const track = this.#store.find(key)
    if (!track?.uploadId) return
    const another: Track = { ...track, key: this.#newKey(), attempt: 1, state: { step: 'starting' } }
    this.#store.append([another])
    void this.#convert(another.key, track.uploadId)
  }

  /** Stops a file that is not converting yet. */
  cancel(key: string): void {
    this.#cancels.get(key)?.abort(new DOMException('Cancelled', 'AbortError'))
    const step = this.#store.find(key)?.state.step
    if (step === 'waiting' || step === 'starting') this.#store.change(key, { state: { step: 'cancelled' } })
  }

  /** Goes on from where it stopped: a file that is on the server is not sent again. */
  retry(key: string): void {
    const track = this.#store.find(key)
    if (!track) return
    const { file, uploadId, state } = track
    const attempt = track.attempt + 1
    const gone = state.step === 'refused' && GONE.has(state.code)
    if (uploadId && !gone) {
      this.#store.change(key, { attempt })
      void this.#convert(key, uploadId)
      return
    }
    this.#store.replace({ key, file, attempt, uploaded: 0, state: { step: 'waiting' } })
    this.#enqueue(key)
  }

  remove(key: string): void {
    this.#store.remove(key)
    this.#cancels.delete(key)
  }

  #newKey = () => `track-${this.#counter++}`

  #enqueue(key: string): void {
    this.#line = this.#line.then(() => this.#upload(key))
  }

  async #upload(key: string): Promise<void> {
    const track = this.#store.find(key)
    if (track?.state.step !== 'waiting') return
    const { signal } = this.#cancellable(key)
    const { begun } = this.#parts
    try {
      const { id, media } = await this.#send(track, signal)
      void begun.forget(track.file)
      this.#store.change(key, { uploadId: id, media, uploaded: 100 })
      void this.#convert(key, id)
    } catch (error) {
      const state = signal.aborted ? ({ step: 'cancelled' } as const) : refusalOf(error)
      if (state.step === 'cancelled' || state.code !== 'unreachable') void begun.forget(track.file)
      this.#store.change(key, { state })
    }
  }

  async #send({ key, file }: Track, signal: AbortSignal): Promise<UploadedFile> {
    const { begun, upload } = this.#parts
    const call = { signal, on: this.#events(key, file) }
    const before = await begun.find(file)
    if (before) {
      try {
        return await upload(file, { ...call, resumeId: before.uploadId })
      } catch (error) {
        // What was begun may have expired since, or be of a file that looks the same.
        if (!(error instanceof UploadFailed && STALE.has(error.code))) throw error
      }
    }
    return upload(file, call)
  }

  #events(key: string, file: File): UploadEvents {
    const change = (patch: Partial<Track>) => this.#store.change(key, patch)
    return {
      state: (step, upload) => {
        if (step === 'creating') change({ state: { step: 'uploading' } })
        if (step === 'sending' && upload) void this.#parts.begun.remember(file, upload.id)
        if (step === 'finishing') change({ state: { step: 'checking' } })
      },
      progress: ({ bytes, size }) => {
        const uploaded = Math.max(this.#store.find(key)?.uploaded ?? 0, (bytes / size) * 100)
        change({ uploaded })
      },
    }
  }

  /** Asks for the job, with the format that is chosen at this moment. */
  async #convert(key: string, uploadId: string): Promise<void> {
    const { signal } = this.#cancellable(key)
    const cancelled = () => signal.aborted
    this.#store.change(key, { state: { step: 'starting' } })
    try {
      await this.#chosen.promise
      const wish = this.#wish
      if (!wish || cancelled()) return
      const { format, options } = wish
      const job = await this.#parts.startJob({ uploadId, format, options })
      if (cancelled()) await this.#parts.cancelJob(job.id)
      else this.#store.change(key, { state: { step: 'converting', jobId: job.id, name: job.name, wish } })
    } catch (error) {
      if (!cancelled()) this.#store.change(key, { state: refusalOf(error) })
    }
  }

  #cancellable(key: string): AbortController {
    const cancel = new AbortController()
    this.#cancels.set(key, cancel)
    return cancel
  }
}
