import type { Media } from '../../../src/contract/media.ts'
import type { JobOptions } from '../../../src/contract/options.ts'

/** What to make of a file. */
export type Wish = { format: string; label: string; options: JobOptions }

export const sameWish = (one: Wish, other: Wish): boolean =>
  one.format === other.format && JSON.stringify(one.options) === JSON.stringify(other.options)

export type TrackState =
  | { step: 'waiting' }
  | { step: 'uploading' }
  /** All bytes are there; the server looks at them. */
  | { step: 'checking' }
  /** Uploaded; the job is being asked for. */
  | { step: 'starting' }
  /** There is a job, and a name for what it makes; how it fares is asked of the server. */
  | { step: 'converting'; jobId: string; name: string; wish: Wish }
  | { step: 'refused'; code: string; detail: string }
  | { step: 'cancelled' }

/** One file on its way: from the disk to the server, and there through one conversion. */
export type Track = {
  key: string
  file: File
  /** Counts the tries: a new one starts again at nought. */
  attempt: number
  /** 0-100; never falls within an attempt. */
  uploaded: number
  /** Both there once the upload is complete: where it is, and what the server found in it. */
  uploadId?: string
  media?: Media
  state: TrackState
}

const UNDER_WAY = new Set<TrackState['step']>(['waiting', 'uploading', 'checking', 'starting'])

/** Whether leaving the page would lose it. */
export const needsPage = ({ state }: Track): boolean => UNDER_WAY.has(state.step)
