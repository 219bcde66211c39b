import { resultUrl } from '../addresses.ts'
import type { Track } from '../deck/index.ts'
import type { Job } from '../hooks/use-job.ts'
import { messages, problemWords } from '../messages/index.ts'
import { duration, size, times } from '../messages/units.ts'

export type Tone = 'quiet' | 'busy' | 'stale' | 'good' | 'bad'

/** How far something is: 0-100, and the milliseconds it will still take, where somebody knows. */
export type Way = { percent: number; etaMs?: number | null | undefined }

/** A track in the words and numbers of its row. */
export type TrackView = {
  words: string
  tone: Tone
  /** Nothing more will happen to it by itself. */
  ended: boolean
  /** Whether trying again may turn out better. */
  retriable: boolean
  /** The way to the server; never falls within an attempt. */
  upload: Way
  /** The way through the conversion, once that is asked for; never falls within an attempt, 100 exactly when done. */
  conversion?: Way
  /** What to know about a result that is there all the same. */
  warnings: readonly string[]
  result?: { url: string; name: string; size: number | undefined; jobId: string }
}

/** Codes that say something about the file, which no second try changes. */
const FINAL = new Set([
  ...['empty-file', 'invalid-name', 'upload-too-large', 'not-audio', 'no-audio-stream'],
  ...['too-long', 'too-many-channels', 'unsupported-sample-rate'],
])
const { step } = messages

/** `target`: what it becomes, in words. */
export function describeTrack(track: Track, job: Job, target: string): TrackView {
  const { state, uploaded: percent, etaMs, wanted } = track
  const at = { upload: { percent, etaMs }, warnings: [] }
  const thenTo = (words: string) => (wanted ? step.wanted(words, target) : words)
  switch (state.step) {
    case 'waiting':
    case 'paused':
    case 'ready':
      return { ...at, ...quiet(thenTo(step[state.step])) }
    case 'interrupted':
      return { ...at, ...quiet(step.interrupted) }
    case 'uploading':
      return { ...at, ...busy(joined(thenTo(step.uploading), ...uploadNumbers(track))) }
    case 'checking':
      return { ...at, ...busy(thenTo(step.checking)) }
    case 'starting':
      return { ...at, ...busy(step.starting), conversion: { percent: 0 } }
    case 'cancelled':
      return { ...at, ...stopped }
    case 'refused':
      return { ...at, ...refused(state.code, state.detail) }
    case 'converting':
      return { ...at, ...describeJob(state, job) }
  }
}

const uploadNumbers = ({ bytesPerSecond, etaMs }: Track) => [
  bytesPerSecond !== undefined && step.perSecond(size(bytesPerSecond)),
  leftWords(etaMs),
]

function describeJob({ jobId, name }: { jobId: string; name: string }, job: Job) {
  const { progress, record, problem, lost, cancelling } = job
  const conversion = { percent: progress?.progress ?? 0, etaMs: progress?.etaMs }
  const at = { conversion, warnings: record?.warnings ?? [] }
  if (problem && lost) return { ...at, ...refused(problem.code, problem.message) }
  const isStale = progress?.stale === true || problem !== undefined
  switch (progress?.state) {
    case undefined:
    case 'queued':
      if (isStale) return { ...at, ...stale }
      return { ...at, ...quiet(cancelling ? step.cancelling : queueWords(progress?.queuePosition)) }
    case 'running':
      if (cancelling) return { ...at, ...busy(step.cancelling) }
      return { ...at, ...(isStale ? stale : busy(phaseWords(progress))) }
    case 'done':
      return {
        ...at,
        ...good(step.done(name)),
        result: { url: resultUrl(jobId), name, size: record?.result?.size, jobId },
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
const stale = { words: step.stale, tone: 'stale', ...moving } as const
const good = (words: string) => ({ words, tone: 'good', ended: true, retriable: false }) as const
const refused = (code: string, detail: string) =>
  ({ words: problemWords(code, detail), tone: 'bad', ended: true, retriable: !FINAL.has(code) }) as const
const stopped = { words: step.cancelled, tone: 'quiet', ended: true, retriable: true } as const

const joined = (...words: (string | false | undefined)[]) => words.filter(Boolean).join(' · ')

const queueWords = (position: number | undefined): string =>
  position === undefined ? step.queued : step.queuedAt(position)

/** Below this, what is left is over before it is read. */
const WORTH_TELLING_MS = 2000

const leftWords = (ms: number | null | undefined) =>
  ms !== null && ms !== undefined && ms >= WORTH_TELLING_MS && step.left(duration(ms))

const phaseWords = ({ phase, etaMs, speed }: NonNullable<Job['progress']>): string =>
  joined(step[phase ?? 'converting'], speed !== null && step.speed(times(speed)), leftWords(etaMs))
