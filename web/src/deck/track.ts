import type { FileHandle } from '../../../src/client/index.ts'
import type { JobRequest } from '../../../src/contract/jobs.ts'
import type { Media } from '../../../src/contract/media.ts'
import type { JobOptions } from '../../../src/contract/options.ts'

/** What to make of a file; with the preset it was chosen by, as long as nothing is changed in it. */
export type Wish = { format: string; options: JobOptions; preset?: string }

/** What is set for one file alone, whatever it becomes. */
export type Edits = Pick<JobOptions, 'trim' | 'fadeInMs' | 'fadeOutMs' | 'metadata' | 'artwork' | 'name'>

/** A file as people took it, with the way back to it where the browser gives one. */
export type PickedFile = { file: File; handle?: FileHandle }

export type TrackState =
  /** For its turn to be sent. */
  | { step: 'waiting' }
  | { step: 'uploading' }
  | { step: 'paused' }
  /** An earlier visit began to send it; the file has to be given again. */
  | { step: 'interrupted' }
  /** All bytes are there; the server looks at them. */
  | { step: 'checking' }
  /** Uploaded, and nothing asked for yet. */
  | { step: 'ready' }
  /** The job is being asked for; under the same key it is one job, however often that takes. */
  | { step: 'starting'; request: JobRequest; requestKey: string; wish: Wish }
  /** There is a job, and a name for what it makes; how it fares is asked of the server. */
  | { step: 'converting'; jobId: string; name: string; wish: Wish }
  | { step: 'refused'; code: string; detail: string }
  | { step: 'cancelled' }

/** One file on its way: from the disk to the server, and there through one conversion. */
export type Track = {
  key: string
  /** What tells the file from others, also on a later visit. `size` in bytes. */
  file: { name: string; size: number; lastModified: number }
  /** The file itself; not there after a reload. */
  picked?: PickedFile | undefined
  /** Counts the tries: a new one starts again at nought. */
  attempt: number
  /** 0-100; never falls within an attempt. */
  uploaded: number
  /** Of the upload, while it is measured. */
  bytesPerSecond?: number | undefined
  etaMs?: number | undefined
  /** The upload that was begun and is not complete. */
  begunId?: string | undefined
  /** Both there once the upload is complete: where it is, and what the server found in it. */
  uploadId?: string
  media?: Media
  /** Its own target; undefined: the one for all. */
  target?: Wish | undefined
  edits: Edits
  /** Changes with each cover that is sent for it. */
  coverVersion?: string
  /** Asked for already, before the upload is complete. */
  wanted?: Wish | undefined
  /** When the server removes the result, ISO 8601; known once there is a job. */
  expiresAt?: string | undefined
  /** A conversion of an earlier visit. */
  earlier?: boolean
  state: TrackState
}

/** Steps which leaving the page would stop. */
const NEEDING_PAGE = new Set<TrackState['step']>(['waiting', 'uploading', 'paused', 'checking', 'starting'])
/** Steps in which it can still be decided what becomes of the file. */
const EDITABLE = new Set<TrackState['step']>([...NEEDING_PAGE, 'interrupted', 'ready'])

/** Whether leaving the page would stop it. */
export const needsPage = ({ state }: Track): boolean => NEEDING_PAGE.has(state.step)

/** Whether its settings can still be changed. */
export const isEditable = ({ state, wanted }: Track): boolean =>
  EDITABLE.has(state.step) && state.step !== 'starting' && wanted === undefined

export const sameFile = (one: Track['file'], other: Track['file']): boolean =>
  one.name === other.name && one.size === other.size && one.lastModified === other.lastModified
