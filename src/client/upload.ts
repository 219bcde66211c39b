import { createUploadsApi } from './api.ts'
import { deliver } from './delivery.ts'
import type { UploadedFile, UploadOptions, UploadSource, UploadStep } from './options.ts'
import { createPausable } from './pausable.ts'
import { createRetry } from './retry.ts'
import { openSession, type Session } from './session.ts'
import { systemTiming } from './timing.ts'

/** An upload under way. All may be called at any time; what comes too late does nothing. */
export type Upload = {
  /** Rejects with `UploadFailed` for what cannot heal, or with the reason of a cancel. */
  readonly finished: Promise<UploadedFile>
  /** Stops the parts under way, which are sent again after the resume; until then nothing is sent. */
  pause(): void
  resume(): void
  /** Deletes the upload. The default reason is an `AbortError`. */
  cancel(reason?: unknown): void
}

/**
 * Uploads a file in verified parts, several at once, through faults of line and server.
 * An upload that failed stays on the server for a while, to be resumed by its id.
 */
export function startUpload(file: UploadSource, options: UploadOptions): Upload {
  const settings = { timing: systemTiming, whenOnline: async () => {}, ...options }
  const key = randomKey() // one for all turns: a create that was paused may have got through
  const cancelling = new AbortController()
  const cancelled = AbortSignal.any([cancelling.signal, options.signal ?? cancelling.signal])
  let session: Session | undefined

  const retryUntil = (end: AbortSignal) => createRetry({ ...settings, signal: end })
  const apiUntil = (end: AbortSignal) =>
    createUploadsApi({ ...settings, retry: retryUntil(end), signal: end })
  const tell = (step: UploadStep) => options.on?.state?.(step, session?.upload)

  async function turn(signal: AbortSignal): Promise<UploadedFile> {
    const api = apiUntil(signal)
    const enter = (step: UploadStep) => {
      signal.throwIfAborted()
      tell(step)
    }
    if (!session) enter('creating')
    session ??= await openSession(file, api, { ...settings, key })
    const media = await deliver({ ...settings, file, session, api, retry: retryUntil, signal, enter })
    return { id: session.upload.id, media }
  }

  const { run, pause, resume } = createPausable(turn, cancelled, () => {
    session?.ledger.pause()
    tell('paused')
  })

  async function finish(): Promise<UploadedFile> {
    try {
      const uploaded = await run()
      tell('ready')
      return uploaded
    } catch (error) {
      if (!cancelled.aborted) throw error
      // The signal that stopped all else must not stop this. If it fails, the upload expires by itself.
      const api = apiUntil(new AbortController().signal)
      if (session) await api.abandon(session.upload.id).catch(() => {})
      tell('cancelled')
      throw error
    }
  }

  return { finished: finish(), pause, resume, cancel: (reason) => cancelling.abort(reason) }
}

/** An idempotency key. Not `randomUUID`: browsers keep it from plain-http pages. */
export const randomKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-')
