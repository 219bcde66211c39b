import { randomKey, type FileHandle, type Upload, type UploadMemory } from '../../../src/client/index.ts'
import type { JobRequest } from '../../../src/contract/jobs.ts'
import type { History } from './history.ts'
import { GONE, refusalOf } from './refusal.ts'
import { revive, type LookedAt } from './revive.ts'
import { createTrackStore } from './track-store.ts'
import {
  needsPage,
  sameFile,
  type Edits,
  type PickedFile,
  type Track,
  type TrackState,
  type Wish,
} from './track.ts'
import { UploadLine, type UploadCall } from './upload-line.ts'

export type DeckParts = {
  upload: (file: File, call: UploadCall) => Upload
  /** What was begun and is not complete, also on earlier visits. */
  begun: Pick<UploadMemory, 'find' | 'remember' | 'forget'>
  history: History
  /** How an upload fares, completed where all of it is there. */
  lookAt: (uploadId: string) => Promise<LookedAt>
  startJob: (
    request: JobRequest,
    requestKey: string,
  ) => Promise<{ id: string; name: string; expiresAt: string }>
  cancelJob: (jobId: string) => Promise<unknown>
  removeJob: (jobId: string) => Promise<unknown>
  removeUpload: (uploadId: string) => Promise<unknown>
}

/** The files of this visit and of those before. It lives outside the components: work goes on whatever is shown. */
export class Deck {
  readonly #parts: DeckParts
  readonly #store = createTrackStore()
  readonly #line: UploadLine

  readonly subscribe = this.#store.subscribe
  readonly tracks = this.#store.all

  constructor(parts: DeckParts) {
    const { upload, begun, history } = parts
    this.#parts = parts
    const onReady = (key: string) => {
      const wish = this.#store.find(key)?.wanted
      if (wish) this.convert(key, wish)
    }
    this.#line = new UploadLine({ store: this.#store, upload, begun, onReady })
    this.#store.append(history.load())
    this.#store.subscribe(() => history.save(this.tracks()))
  }

  /** Finds out what became of the files of earlier visits, and goes on with them as far as that needs no file. */
  async revive(): Promise<void> {
    await Promise.all(
      this.tracks().map(async (track) => {
        const { key, state } = track
        if (state.step === 'starting') return this.#start(key, state)
        const patch = await revive(track, this.#parts)
        if (patch) this.#store.change(key, patch)
        const revived = this.#store.find(key)
        if (revived?.state.step === 'ready' && revived.wanted) this.convert(key, revived.wanted)
      }),
    )
  }

  /** Takes files in; one that an earlier visit began to send goes on in its row. */
  add(picked: readonly PickedFile[]): void {
    const fresh = picked.filter((one) => !this.#goOn(one))
    this.#store.append(
      fresh.map((one): Track => {
        const { name, size, lastModified } = one.file
        const file = { name, size, lastModified }
        return {
          ...{ key: randomKey(), file, picked: one, attempt: 1, uploaded: 0, edits: {} },
          state: WAITING,
        }
      }),
    )
    this.#line.advance()
  }

  #goOn(picked: PickedFile): boolean {
    const isIt = ({ file, state }: Track) => state.step === 'interrupted' && sameFile(file, picked.file)
    const track = this.tracks().find(isIt)
    return track !== undefined && this.continueWith(track.key, picked)
  }

  /** Goes on with an interrupted upload; false, and nothing done, when this is another file. */
  continueWith(key: string, picked: PickedFile): boolean {
    const track = this.#store.find(key)
    if (!track || !sameFile(track.file, picked.file)) return false
    this.#store.change(key, { picked, state: WAITING })
    this.#line.advance()
    return true
  }

  /** The way back to a file of an earlier visit, where the browser gave one. */
  async handleOf(key: string): Promise<FileHandle | undefined> {
    const track = this.#store.find(key)
    return track && (await this.#parts.begun.find(track.file))?.handle
  }

  /** Goes on by the way back; false when it is not allowed, the file is gone, or it is another one. Needs a click. */
  async continueBy(key: string, handle: FileHandle): Promise<boolean> {
    try {
      await (handle as AskingHandle).requestPermission?.({ mode: 'read' })
      return this.continueWith(key, { file: await handle.getFile(), handle })
    } catch {
      return false
    }
  }

  pause = (key: string): void => this.#line.pause(key)
  resume = (key: string): void => this.#line.resume(key)

  /** Sets a target of its own; undefined: the one for all. */
  aim(key: string, target: Wish | undefined): void {
    this.#store.change(key, { target })
  }

  /** Changes settings of this file alone; a value of undefined takes one back. */
  edit(key: string, patch: { [Name in keyof Edits]?: Edits[Name] | undefined }): void {
    const track = this.#store.find(key)
    if (!track) return
    const edits = Object.entries({ ...track.edits, ...patch }).filter(([, value]) => value !== undefined)
    this.#store.change(key, { edits: Object.fromEntries(edits) })
  }

  /** A cover was sent for it, and is to be that of the result. */
  takeCover(key: string): void {
    this.#store.change(key, { coverVersion: randomKey() })
    this.edit(key, { artwork: 'uploaded' })
  }

  /** Converts a file now, or as soon as it is uploaded. */
  convert(key: string, wish: Wish): void {
    const track = this.#store.find(key)
    if (track?.state.step === 'ready' && track.uploadId) {
      const { format, options } = wish
      const request = { uploadId: track.uploadId, format, options }
      // The same in every window that has this row, so that two of them make one job.
      void this.#start(key, { request, requestKey: `${key}-${track.attempt}`, wish })
    } else this.#store.change(key, { wanted: wish })
  }

  /** Takes the order back, as long as there is no job. */
  hold(key: string): void {
    this.#store.change(key, { wanted: undefined })
  }

  /** One more of the same file, in a row of its own, to be made into something else without being sent again. */
  again(key: string): string | undefined {
    const track = this.#store.find(key)
    if (!track?.uploadId) return undefined
    const { file, uploadId, media, edits, target } = track
    const another = randomKey()
    const kept = { file, uploadId, edits, target, ...(media && { media }) }
    this.#store.insertAfter(key, {
      key: another,
      ...kept,
      attempt: 1,
      uploaded: 100,
      state: { step: 'ready' },
    })
    return another
  }

  /** Stops a file that is not converting yet. */
  cancel(key: string): void {
    const track = this.#store.find(key)
    if (!track) return
    if (track.begunId && !track.picked) void this.#parts.removeUpload(track.begunId).catch(() => {}) // it expires
    if (track.state.step === 'starting') this.#store.change(key, { state: { step: 'cancelled' } })
    else this.#line.cancel(key)
  }

  /** Goes on from where it stopped: a file that is on the server is not sent again. */
  retry(key: string): void {
    const track = this.#store.find(key)
    if (!track) return
    const { state, uploadId, wanted, attempt } = track
    const isGone = state.step === 'refused' && GONE.has(state.code)
    if (uploadId && !isGone) {
      this.#store.change(key, { attempt: attempt + 1, state: { step: 'ready' } })
      if (wanted) this.convert(key, wanted)
      return
    }
    const step = track.picked ? 'waiting' : 'interrupted'
    this.#store.change(key, { attempt: attempt + 1, uploaded: 0, state: { step } })
    this.#line.advance()
  }

  /** Keeps in mind until when the server keeps a result. */
  keptUntil(key: string, expiresAt: string): void {
    if (this.#store.find(key)?.expiresAt !== expiresAt) this.#store.change(key, { expiresAt })
  }

  /** Takes a file off the list, and its result and its source off the server. Rejects as the server's answers do. */
  async remove(key: string): Promise<void> {
    const track = this.#store.find(key)
    if (!track) return
    const { state, uploadId } = track
    if (needsPage(track) || state.step === 'interrupted') this.cancel(key)
    if (state.step === 'converting') await this.#parts.removeJob(state.jobId)
    const isShared = this.tracks().some((other) => other.key !== key && other.uploadId === uploadId)
    if (uploadId !== undefined && !isShared) await this.#parts.removeUpload(uploadId)
    this.drop(key)
  }

  /** Takes off the list what the server has removed by now; milliseconds since 1970. */
  dropExpired(now: number): void {
    for (const { key, expiresAt } of this.tracks())
      if (expiresAt !== undefined && Date.parse(expiresAt) <= now) this.drop(key)
  }

  /** Takes a file off the list alone. */
  drop(key: string): void {
    this.#store.remove(key)
    this.#line.advance()
  }

  async #start(key: string, { request, requestKey, wish }: Omit<Starting, 'step'>): Promise<void> {
    const isWanted = () => this.#store.find(key)?.state.step === 'starting'
    this.#store.change(key, { state: { step: 'starting', request, requestKey, wish }, wanted: wish })
    try {
      const { id: jobId, name, expiresAt } = await this.#parts.startJob(request, requestKey)
      const state = { step: 'converting', jobId, name, wish } as const
      if (isWanted()) this.#store.change(key, { state, expiresAt, wanted: undefined })
      else await this.#parts.cancelJob(jobId)
    } catch (error) {
      if (isWanted()) this.#store.change(key, { state: refusalOf(error) })
    }
  }
}

const WAITING = { step: 'waiting' } as const
type Starting = Extract<TrackState, { step: 'starting' }>
/** Not every browser that has handles asks for leave. */
type AskingHandle = FileHandle & { requestPermission?: (wish: { mode: 'read' }) => Promise<unknown> }
