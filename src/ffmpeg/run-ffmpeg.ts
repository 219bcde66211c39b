import { HOUR_MS } from '../kernel/units.ts'
import { startChild, ToolFailed } from './child.ts'
import { HARDENED_INPUT, METADATA_INPUT, PICTURE_INPUT, PICTURE_LIMITS, wrap } from './command.ts'
import { complaintsIn } from './complaints.ts'
import { parseProgress, type FfmpegProgress } from './progress-lines.ts'
import type { Tools } from './tools.ts'

/** FFmpeg made no step forward for so long that it never will. */
export class FfmpegStalled extends Error {}

/** A picture in a file of its own, and FFmpeg's name of its codec. */
export type Picture = { file: string; codec: 'mjpeg' | 'png' }

/** What to run. Names are inside `folder`, the private working directory. */
export type FfmpegRun = {
  folder: string
  /** In the order in which the output refers to them. */
  sources: readonly string[]
  /** Compares what is decoded with the checksums in the source, and complains where they differ. */
  checksums?: boolean
  /** The last input. */
  picture?: Picture | undefined
  /** A picture in the source is decoded, and no sound. */
  ofPicture?: boolean
  /** A file in FFmpeg's own metadata format, ours, that comes after them. */
  metadata?: string
  /** Everything after the inputs: maps, filters, encoder, muxer, output. */
  output: readonly string[]
  signal: AbortSignal
  /** Told of what it writes to stdout, where an output goes there. */
  onOutput?: (chunk: Buffer) => void
  /** FFmpeg's log level: `info` where what filters say is wanted. Default `error`. */
  level?: 'error' | 'info'
  /** Milliseconds without progress before FFmpeg is killed. Default 60,000. */
  stallMs?: number
}

const STALL_MS = 60_000
/** Whatever progress it makes: a child that takes longer is ended. */
const LONGEST_MS = 24 * HOUR_MS
const CHECKSUMS = ['-err_detect', 'crccheck']
const REPORTING = ['-nostdin', '-hide_banner', '-progress', 'pipe:3', '-nostats', '-stats_period', '0.5']
/** By itself FFmpeg gives up a file of which more than two thirds of the packets are damaged; what is left is wanted. */
const WHATEVER_IS_LEFT = ['-max_error_rate', '1']

/**
 * Runs FFmpeg with the hardened command line and yields how far it is; returns what it complained of (last 4 KB).
 * Leaving the loop or aborting `signal` kills it at once. Throws {@link ToolFailed}, {@link FfmpegStalled} or the
 * signal's reason. Exit code 0 proves nothing: the caller checks the output.
 */
export async function* runFfmpeg(tools: Tools, run: FfmpegRun): AsyncGenerator<FfmpegProgress, string> {
  const { folder, sources, metadata, output, signal, level = 'error', stallMs = STALL_MS, onOutput } = run
  const care = [...(run.checksums ? CHECKSUMS : []), ...(run.ofPicture ? PICTURE_LIMITS : [])]
  const inputs = sources.flatMap((source) => [...HARDENED_INPUT, ...care, '-i', `file:${source}`])
  const texts = metadata === undefined ? [] : [...METADATA_INPUT, '-i', `file:${metadata}`]
  const { picture } = run
  const pictures = picture ? [...PICTURE_INPUT, '-c:v', picture.codec, '-i', `file:${picture.file}`] : []
  const command = [
    tools.ffmpeg,
    ...REPORTING,
    ...WHATEVER_IS_LEFT,
    '-v',
    level,
    ...inputs,
    ...texts,
    ...pictures,
    ...output,
  ]
  const child = startChild(wrap(command, tools.wrappers), folder, signal)
  child.exited.catch(() => undefined) // awaited below, unless the consumer leaves first
  child.stdout.on('data', onOutput ?? (() => undefined))
  const watchdog = createWatchdog(stallMs, child.kill)
  const longest = setTimeout(child.kill, LONGEST_MS)
  let outcome: Outcome = 'stopped'
  try {
    for await (const progress of parseProgress(child.progress)) {
      watchdog.saw(progress.processedMs)
      yield progress
    }
    const exitCode = await child.exited
    signal.throwIfAborted()
    outcome = watchdog.bit() ? 'stalled' : outcomeOf(exitCode)
    if (watchdog.bit()) throw new FfmpegStalled(`FFmpeg made no progress for ${stallMs / 1000} s.`)
    if (exitCode !== 0) throw new ToolFailed('ffmpeg', exitCode, child.stderr())
    return complaintsIn(child.stderr())
  } finally {
    watchdog.stop()
    clearTimeout(longest)
    child.kill()
    tools.onFfmpegEnd?.(outcome)
  }
}

type Outcome = Parameters<NonNullable<Tools['onFfmpegEnd']>>[0]

const outcomeOf = (exitCode: number | null): Outcome =>
  exitCode === null ? 'killed' : exitCode === 0 ? 'ok' : 'failed'

/** Calls `bite` once when `saw` brought no greater number for `stallMs`. */
function createWatchdog(stallMs: number, bite: () => void) {
  let furthest = -1
  let bitten = false
  const timer = setTimeout(() => {
    bitten = true
    bite()
  }, stallMs)
  return {
    saw(processedMs: number) {
      if (processedMs <= furthest) return
      furthest = processedMs
      timer.refresh()
    },
    bit: () => bitten,
    stop: () => clearTimeout(timer),
  }
}
