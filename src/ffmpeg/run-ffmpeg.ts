import { startChild, ToolFailed } from './child.ts'
import { HARDENED_INPUT, wrap } from './command.ts'
import { parseProgress, type FfmpegProgress } from './progress-lines.ts'
import type { Tools } from './tools.ts'

/** FFmpeg made no step forward for so long that it never will. */
export class FfmpegStalled extends Error {}

/** What to run. Names are inside `folder`, the private working directory. */
export type FfmpegRun = {
  folder: string
  source: string
  /** Everything after the input: maps, filters, encoder, muxer, output. */
  output: readonly string[]
  signal: AbortSignal
  /** Milliseconds without progress before FFmpeg is killed. Default 60,000. */
  stallMs?: number
}

const STALL_MS = 60_000
const QUIET = [
  '-nostdin',
  '-hide_banner',
  '-v',
  'error',
  '-progress',
  'pipe:3',
  '-nostats',
  '-stats_period',
  '0.5',
]

/**
 * Runs FFmpeg with the hardened command line and yields how far it is; returns what it said on stderr (last 4 KB).
 * Leaving the loop or aborting `signal` kills it at once. Throws {@link ToolFailed}, {@link FfmpegStalled} or the
 * signal's reason. Exit code 0 proves nothing: the caller checks the output.
 */
export async function* runFfmpeg(tools: Tools, run: FfmpegRun): AsyncGenerator<FfmpegProgress, string> {
  const { folder, source, output, signal, stallMs = STALL_MS } = run
  const command = [tools.ffmpeg, ...QUIET, ...HARDENED_INPUT, '-i', `file:${source}`, ...output]
  const child = startChild(wrap(command, tools.wrappers), folder, signal)
  child.exited.catch(() => undefined) // awaited below, unless the consumer leaves first
  child.stdout.resume()
  const watchdog = createWatchdog(stallMs, child.kill)
  try {
    for await (const progress of parseProgress(child.progress)) {
      watchdog.saw(progress.processedMs)
      yield progress
    }
    const exitCode = await child.exited
    signal.throwIfAborted()
    if (watchdog.bit()) throw new FfmpegStalled(`FFmpeg made no progress for ${stallMs / 1000} s.`)
    if (exitCode !== 0) throw new ToolFailed('ffmpeg', exitCode, child.stderr())
    return child.stderr()
  } finally {
    watchdog.stop()
    child.kill()
  }
}

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
