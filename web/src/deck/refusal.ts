import { UploadFailed } from '../../../src/client/index.ts'
import { ApiProblem } from '../api.ts'
import type { TrackState } from './track.ts'

type Refused = Extract<TrackState, { step: 'refused' }>

/** An error as a track shows it: the code finds the words, the detail stands in where there are none. */
export function refusalOf(error: unknown): Refused {
  if (error instanceof UploadFailed || error instanceof ApiProblem)
    return { step: 'refused', code: error.code, detail: error.message }
  return { step: 'refused', code: 'internal-error', detail: error instanceof Error ? error.message : '' }
}
