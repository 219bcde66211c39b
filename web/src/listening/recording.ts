import type { JobView } from '../../../src/contract/jobs.ts'
import { resultUrl, sourceUrl, type SoundPlace } from '../addresses.ts'
import { previewUrl } from '../api.ts'
import type { Track } from '../deck/index.ts'
import type { Places, Recording, Side } from './player.ts'

/** What can be heard of a row. */
export type Listening = {
  recording: Recording
  /** Where each sound is; a side that is not there cannot be heard. */
  sounds: Partial<Record<Side, { place: SoundPlace; durationMs: number }>>
}

/** The sounds of a track on the server, and what to play them from; undefined before there is any. */
export function listeningOf(track: Track, record: JobView | undefined): Listening | undefined {
  const { key, uploadId, media, picked, state } = track
  if (uploadId === undefined || !media) return undefined
  const source = { place: { uploadId }, durationMs: media.durationMs ?? 0 }
  const jobId = state.step === 'converting' && record?.state === 'done' ? state.jobId : undefined
  const result =
    jobId === undefined ? undefined : { place: { jobId }, durationMs: record?.result?.durationMs ?? 0 }
  const { trim, tempo = 1 } = record?.options ?? {}
  const startSeconds = (trim?.startMs ?? 0) / 1000
  return {
    recording: {
      key,
      places: {
        source: sourcePlaces(uploadId, picked?.file),
        ...(jobId !== undefined && { result: resultPlaces(jobId) }),
      },
      toResult: (seconds) => (seconds - startSeconds) / tempo,
      toSource: (seconds) => seconds * tempo + startSeconds,
    },
    sounds: { source, ...(result && { result }) },
  }
}

/** What is on this machine is played from here. */
const sourcePlaces = (uploadId: string, file: File | undefined): Places => [
  () => (file ? URL.createObjectURL(file) : sourceUrl(uploadId)),
  (signal) => previewUrl({ uploadId }, signal),
]

const resultPlaces = (jobId: string): Places => [
  () => resultUrl(jobId),
  (signal) => previewUrl({ jobId }, signal),
]
