import type { Media } from '../contract/media.ts'
import type { UploadView } from '../contract/uploads.ts'
import { createUploadsApi, type UploadsApi } from './api.ts'
import { UploadFailed } from './failure.ts'
import { createLedger, type Ledger, type UploadProgress } from './ledger.ts'
import { createParallelism, eachInParallel } from './parallelism.ts'
import { createPartSender } from './part.ts'
import { createRetry } from './retry.ts'
import { createTargets } from './targets.ts'
import { systemTiming, type Timing } from './timing.ts'
import type { Transport } from './transport.ts'

/** A browser's `File`, or any `Blob` with a name. */
export type UploadSource = Blob & { readonly name: string }

/** `finishing`: all bytes are there, the server puts them together and looks at the audio. */
export type UploadStep = 'creating' | 'sending' | 'finishing' | 'ready' | 'cancelled'

export type UploadEvents = {
  state?: (step: UploadStep, upload: { id: string } | undefined) => void
  progress?: (progress: UploadProgress) => void
  /** A part is stored. */
  part?: (part: number) => void
}

export type UploadOptions = {
  /** Where the server's root is; ends in a slash. */
  baseUrl: string
  transport: Transport
  /** Goes on with an upload begun earlier: only what is missing is sent. */
  resumeId?: string
  /** Cancels: the upload is deleted, and the promise rejects with the signal's reason. */
  signal?: AbortSignal
  /** Parts at once at most. Default 6; never more than the server takes. */
  maxParallel?: number
  on?: UploadEvents
  /** Resolves once there is a network. Default: at once. */
  whenOnline?: (signal: AbortSignal) => Promise<void>
  timing?: Timing
}

export type UploadedFile = { id: string; media: Media }

const MOST_PARALLEL = 6

/**
 * Uploads a file in verified parts, several at once, through faults of line and server.
 * Throws {@link UploadFailed} for what cannot heal; the upload then stays, to be resumed by its id.
 */
export async function uploadFile(file: UploadSource, options: UploadOptions): Promise<UploadedFile> {
  const { on = {}, timing = systemTiming, whenOnline = async () => {} } = options
  const signal = options.signal ?? new AbortController().signal
  const retry = (during: AbortSignal) => createRetry({ timing, whenOnline, signal: during })
  const apiUntil = (end: AbortSignal) =>
    createUploadsApi({ baseUrl: options.baseUrl, timing, retry: retry(end), signal: end })
  const api = apiUntil(signal)
  let upload: UploadView | undefined
  try {
    on.state?.('creating', undefined)
    upload = await open(file, api, options.resumeId)
    on.state?.('sending', upload)
    const ledger = createLedger(upload, timing, on.progress)
    ledger.received(upload.received)
    const sender = createSender(file, upload, { api, ledger, retry, signal, timing, options })
    if (upload.state === 'open') await sender()
    on.state?.('finishing', upload)
    const { media } = await complete(api, upload.id, ledger, sender)
    on.state?.('ready', upload)
    return { id: upload.id, media }
  } catch (error) {
    if (!signal.aborted) throw error
    // The signal that stopped all else must not stop this. If it fails, the upload expires by itself.
    if (upload)
      await apiUntil(new AbortController().signal)
        .abandon(upload.id)
        .catch(() => {})
    on.state?.('cancelled', upload)
    throw error
  }
}

async function open(file: UploadSource, api: UploadsApi, resumeId: string | undefined): Promise<UploadView> {
  const { name, size, type } = file
  if (resumeId === undefined) return api.create({ name, size, ...(type && { type }) }, randomKey())
  const upload = await api.view(resumeId)
  if (upload.size !== size) throw new UploadFailed('file-changed', 'This is not the file that was begun')
  if (upload.state === 'expired') throw new UploadFailed('upload-expired', 'The upload has expired')
  if (upload.state === 'aborted') throw new UploadFailed('upload-aborted', 'The upload was cancelled')
  return upload
}

type SenderParts = {
  api: UploadsApi
  ledger: Ledger
  retry: (signal: AbortSignal) => ReturnType<typeof createRetry>
  signal: AbortSignal
  timing: Timing
  options: UploadOptions
}

/** Returns the function that sends all that is missing. */
function createSender(file: UploadSource, upload: UploadView, parts: SenderParts): () => Promise<void> {
  const { api, ledger, options, signal, timing } = parts
  const most = Math.min(options.maxParallel ?? MOST_PARALLEL, upload.maxParallel)
  const parallelism = createParallelism(most)
  const targets = createTargets({ api, id: upload.id, ledger, timing })
  const { baseUrl, transport, on } = options
  const { retry } = parts
  const send = createPartSender({ file, baseUrl, ledger, targets, parallelism, retry, timing, transport })
  return () =>
    eachInParallel(
      ledger.missing(),
      () => parallelism.limit,
      signal,
      async (part, stop) => {
        await send(part, stop)
        on?.part?.(part)
      },
    )
}

/** Finishes the upload; what the server turns out to lack is sent again, once. */
async function complete(api: UploadsApi, id: string, ledger: Ledger, send: () => Promise<void>) {
  try {
    return await api.complete(id)
  } catch (error) {
    const missing = error instanceof UploadFailed && error.problem?.['missing']
    if (typeof missing !== 'string') throw error
    ledger.lost(missing)
    await send()
    return api.complete(id)
  }
}

/** An idempotency key. Not `randomUUID`: browsers keep it from plain-http pages. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
