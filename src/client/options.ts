import type { Media } from '../contract/media.ts'
import type { UploadProgress } from './ledger.ts'
import type { Timing } from './timing.ts'
import type { Transport } from './transport.ts'

/** A browser's `File`, or any `Blob` with a name. */
export type UploadSource = Blob & { readonly name: string }

/** `finishing`: all bytes are there, the server puts them together and looks at the audio. It may miss some yet. */
export type UploadStep = 'creating' | 'sending' | 'paused' | 'finishing' | 'ready' | 'cancelled'

export type UploadEvents = {
  /** After a pause the step that is gone on with is told again. */
  state?: (step: UploadStep, upload: { id: string } | undefined) => void
  progress?: (progress: UploadProgress) => void
  /** A part is stored. */
  part?: (part: number) => void
}

export type UploadOptions = {
  /** Where the server's root is; ends in a slash. */
  baseUrl: string
  transport: Transport
  /** Sent with every call to the server, as `Authorization`; targets of parts need none. Default: nothing. */
  headers?: () => Record<string, string>
  /** Goes on with an upload begun earlier: only what is missing is sent. */
  resumeId?: string
  /** Cancels, as `cancel` does. */
  signal?: AbortSignal
  /** Parts at once at most. Default 6; never more than the server takes. */
  maxParallel?: number
  on?: UploadEvents
  /** Resolves once there is a network, or the signal aborts. Default: at once. */
  whenOnline?: (signal: AbortSignal) => Promise<void>
  timing?: Timing
}

export type UploadedFile = { id: string; media: Media }
