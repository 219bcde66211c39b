import { resultUrl } from '../api.ts'
import type { Track } from '../deck/index.ts'
import type { Job } from '../hooks/use-job.ts'
import { messages, problemWords } from '../messages/index.ts'
import { duration } from '../messages/units.ts'

export type Tone = 'quiet' | 'busy' | 'good' | 'bad'

/** A track in the words and numbers of its row. */
export type TrackView = {
  words: string
  tone: Tone
  /** Nothing more will happen to it by itself. */
  ended: boolean
  /** Whether trying again may turn out better. */
  retriable: boolean
  /** 0-100 over upload and conversion together; never falls within an attempt, 100 exactly when done. */
  percent: number
  /** What to know about a result that is there all the same. */
  warnings: readonly string[]
  result?: { url: string; name: string; size: number | undefined }
}

/** How much of the bar belongs to the upload; the rest is the conversion's. */
const UPLOAD_SHARE = 0.4
/** Codes that say something about the file, which no second try changes. */
const FINAL = new Set([
  ...['empty-file', 'invalid-name', 'upload-too-large', 'not-audio', 'no-audio-stream'],
  ...['too-long', 'too-many-channels', 'unsupported-sample-rate'],
])
const { step } = messages

export function describeTrack({ state, uploaded }: Track, job: Job): TrackView {
  const at = { percent: uploaded * UPLOAD_SHARE, warnings: [] }
  switch (state.step) {
    case 'waiting':
      return { ...at, ...quiet(step.waiting) }
    case 'uploading':
    case 'checking':
    case 'starting':
      return { ...at, ...busy(step[state.step]) }
    case 'cancelled':
      return { ...at, ...stopped }
    case 'refused':
      return { ...at, ...refused(state.code, state.detail) }
    case 'converting':
      return describeJob(state, job)
  }
}

function describeJob({ jobId, name }: { jobId: string; name: string }, job: Job): TrackView {
  const { progress, record, problem, lost, cancelling } = job
  const converted = progress?.progress ?? 0
  const at = {
    percent: 100 * UPLOAD_SHARE + converted * (1 - UPLOAD_SHARE),
    warnings: record?.warnings ?? [],
  }
  if (problem && lost) return { ...at, ...refused(problem.code, problem.message) }
  switch (progress?.state) {
    case undefined:
    case 'queued':
      return { ...at, ...quiet(cancelling ? step.cancelling : queueWords(progress?.queuePosition)) }
    case 'running': {
      const words = progress.stale || problem ? step.stale : phaseWords(progress)
      return { ...at, ...busy(cancelling ? step.cancelling : words) }
    }
    case 'done':
      return {
        ...at,
        ...good(step.done(name)),
        result: { url: resultUrl(jobId), name, size: record?.result?.size },
      }
    case 'failed':
      return { ...at, ...refused(progress.error?.code ?? '', progress.error?.message ?? '') }
    case 'cancelled':
      return { ...at, ...stopped }
  }
}

const moving = { ended: false, retriable: false }
const quiet = (words: string) => ({ words, tone: 'quiet', ...moving }) as const
const busy = (words: string) => ({ words, tone: 'busy', ...moving }) as const
const good = (words: string) => ({ words, tone: 'good', ended: true, retriable: false }) as const
const refused = (code: string, detail: string) =>
  ({ words: problemWords(code, detail), tone: 'bad', ended: true, retriable: !FINAL.has(code) }) as const
const stopped = { words: step.cancelled, tone: 'quiet', ended: true, retriable: true } as const

const queueWords = (position: number | undefined): string =>
  position === undefined ? step.queued : step.queuedAt(position)

/** Below this, what is left is over before it is read. */
const WORTH_TELLING_MS = 5000

function phaseWords({ phase, etaMs }: NonNullable<Job['progress']>): string {
  const words = step[phase ?? 'converting']
  return etaMs !== null && etaMs >= WORTH_TELLING_MS ? step.left(words, duration(etaMs)) : words
}
