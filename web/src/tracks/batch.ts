import type { ProgressView } from '../../../src/contract/jobs.ts'
import { isEditable, needsPage, type Track } from '../deck/index.ts'

/** All files of this visit together. */
export type Batch = {
  total: number
  sending: number
  /** Uploaded or on their way, and not told yet what to become. */
  waiting: number
  /** Asked for, and not over. */
  running: number
  ready: number
  failed: number
  /** 0-100, over upload and conversion of all files that are or will be converted. */
  percent: number
  /** Something was asked for, and all of it is over. */
  isOver: boolean
}

/** Of the way of one file, this share is its upload. */
const UPLOAD_SHARE = 0.4

/** `progress`: of the jobs, as far as it is known. */
export function batchOf(
  tracks: readonly Track[],
  progress: ReadonlyMap<string, Pick<ProgressView, 'state' | 'progress'>>,
): Batch {
  const ours = tracks.filter(({ earlier }) => !earlier)
  const jobs = ours.map(({ state }) => (state.step === 'converting' ? progress.get(state.jobId) : undefined))
  const count = (is: (track: Track, at: number) => boolean) => ours.filter(is).length
  const isRunning = (track: Track, at: number) => {
    const { step } = track.state
    if (step !== 'converting') return track.wanted !== undefined && needsPage(track)
    return jobs[at] === undefined || jobs[at].state === 'queued' || jobs[at].state === 'running'
  }
  const running = count(isRunning)
  const ready = count((_, at) => jobs[at]?.state === 'done')
  const failed = count(({ state }, at) => state.step === 'refused' || jobs[at]?.state === 'failed')
  const ways = ours.flatMap((track, at) =>
    isRunning(track, at) || jobs[at]?.state === 'done' ? [wayOf(track, jobs[at]?.progress ?? 0)] : [],
  )
  return {
    total: ours.length,
    sending: count(({ state }) => state.step === 'uploading'),
    waiting: count(isEditable),
    running,
    ready,
    failed,
    percent: ways.length === 0 ? 0 : ways.reduce((sum, way) => sum + way, 0) / ways.length,
    isOver: running === 0 && ready + failed > 0,
  }
}

const wayOf = ({ uploaded }: Track, converted: number) =>
  uploaded * UPLOAD_SHARE + converted * (1 - UPLOAD_SHARE)
