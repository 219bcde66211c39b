/** What features tell of what they do, so that it can be measured; who publishes it, and how, they do not know. */
export type Meter = {
  /** A job came into the queue, as a new one or to be tried again. */
  jobQueued: () => void
  /** A worker began an attempt, so many milliseconds after the job might have been claimed. */
  attemptBegun: (waitedMs: number) => void
  /** An attempt ended after so many milliseconds. */
  attemptEnded: (outcome: AttemptEnd, ranMs: number) => void
  jobEnded: (state: JobEnd) => void
  /** A result of so many bytes lies in the store, and its job says so. */
  resultStored: (bytes: number) => void
  /** A job was taken from a worker that does not live any more. */
  jobTakenOver: () => void
  /** A worker was refused its commit, since the lease had gone to somebody else. */
  commitFenced: () => void
  /** This process was silent for so long that others began to doubt it. */
  heartbeatLate: () => void
  /** A record was asked for, and what was remembered did (`hit`) or did not do. */
  recordRead: (record: 'job' | 'upload', hit: boolean) => void
  uploadMoved: (step: 'opened' | 'ready' | 'refused' | 'removed') => void
  /** An upload of so many bytes is whole. */
  uploadStored: (bytes: number) => void
  /** FFmpeg ended; `stopped`: by us, as with its job. */
  ffmpegEnded: (outcome: 'ok' | 'failed' | 'killed' | 'stalled' | 'stopped') => void
}

export type JobEnd = 'done' | 'failed' | 'cancelled'
/** `queued`: the job was given back, `lost`: its lease was somebody else's. */
export type AttemptEnd = JobEnd | 'queued' | 'lost'

const ignore = () => undefined

export const silentMeter: Meter = {
  ...{
    jobQueued: ignore,
    attemptBegun: ignore,
    attemptEnded: ignore,
    jobEnded: ignore,
    resultStored: ignore,
  },
  ...{ jobTakenOver: ignore, commitFenced: ignore, heartbeatLate: ignore, recordRead: ignore },
  ...{ uploadMoved: ignore, uploadStored: ignore, ffmpegEnded: ignore },
}
