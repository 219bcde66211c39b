import { UploadFailed } from '../../../src/client/index.ts'
import { ApiProblem } from '../api-problem.ts'
import type { TrackState } from './track.ts'

type Refused = Extract<TrackState, { step: 'refused' }>

/** Codes that tell the server has the file no more. */
export const GONE = new Set<string>(['upload-aborted', 'upload-expired', 'upload-not-found'])
/** Codes that tell a file cannot go on where it stopped, but may begin again. */
export const STALE = new Set<string>([...GONE, 'file-changed'])

/** An error as a track shows it: the code finds the words, the detail stands in where there are none. */
export function refusalOf(error: unknown): Refused {
  if (error instanceof UploadFailed || error instanceof ApiProblem)
    return { step: 'refused', code: error.code, detail: error.message }
  return { step: 'refused', code: 'internal-error', detail: error instanceof Error ? error.message : '' }
}
