import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { MiB, SECOND_MS } from '../kernel/units.ts'
import { BARE_ENVIRONMENT } from './command.ts'

/** A media tool ended badly. `stderr` holds its last lines, or what we had against it. */
export class ToolFailed extends Error {
  readonly exitCode: number | null
  readonly stderr: string

  constructor(tool: string, exitCode: number | null, stderr: string) {
    super(`${tool} ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}`)
    this.exitCode = exitCode
    this.stderr = stderr
  }
}

/** It had not ended when its time was over. */
export class ToolTimedOut extends ToolFailed {}

/** A child that was started: what it says, and how it ends. */
export type Child = {
  stdout: Readable
  /** Text of pipe 3, where FFmpeg writes its progress. */
  progress: Readable
  /** The last 4 KB of stderr so far. */
  stderr: () => string
  /** Resolves with the exit code, null after a signal; rejects when the command could not be started. */
  exited: Promise<number | null>
  /** Ends the child at once, without a chance to finish a file that its caller throws away. */
  kill: () => void
}

const STDERR_BYTES = 4096
/** Of an audio book with a thousand chapters ffprobe says 0.3 MiB. */
const STDOUT_BYTES = 8 * MiB
/** Every tool that is run for what it says has said it long before. */
const TOOL_LIMIT_MS = 120 * SECOND_MS

/**
 * Starts a command without a shell, in its own folder, with a bare environment and nothing on stdin.
 * When `signal` aborts, the child is killed.
 */
export function startChild(command: readonly string[], cwd: string, signal?: AbortSignal): Child {
  signal?.throwIfAborted()
  const [file = '', ...args] = command
  const child = spawn(file, args, {
    cwd,
    env: BARE_ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C reaches everybody in a terminal, and jobs that a stop lets end would fail.
    detached: true,
  })
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new Error('A child without pipes cannot be read.') // spawn's types cannot know
  const kill = () => void child.kill('SIGKILL')
  signal?.addEventListener('abort', kill, { once: true })
  const exited = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null))
  const settled = () => signal?.removeEventListener('abort', kill)
  exited.then(settled, settled)
  return {
    stdout,
    progress: child.stdio[3] as Readable,
    stderr: lastBytes(stderr, STDERR_BYTES),
    exited,
    kill,
  }
}

/** A tool that was killed says nothing of the file, unless it was because of the time it took. */
export const isOfTheFile = (error: ToolFailed): boolean =>
  error.exitCode !== null || error instanceof ToolTimedOut

/**
 * Runs a command to its end and gives what it wrote. Throws {@link ToolFailed} unless it exits with 0, within `limitMs`, and
 * says no more than anybody needs.
 */
export async function runTool(
  command: readonly string[],
  cwd: string,
  signal?: AbortSignal,
  limitMs = TOOL_LIMIT_MS,
): Promise<{ stdout: string; stderr: string }> {
  const child = startChild(command, cwd, signal)
  const [tool = ''] = command
  const stdout = firstBytes(child.stdout, STDOUT_BYTES)
  child.progress.resume()
  const limit = createLimit(limitMs, child.kill)
  const exitCode = await child.exited.finally(limit.stop)
  signal?.throwIfAborted()
  if (limit.isOver()) throw new ToolTimedOut(tool, null, `it took longer than ${limitMs / SECOND_MS} s`)
  if (exitCode !== 0) throw new ToolFailed(tool, exitCode, child.stderr())
  const said = stdout()
  if (said === undefined)
    throw new ToolFailed(tool, exitCode, 'there is far more text in it than sound needs')
  return { stdout: said, stderr: child.stderr() }
}

function createLimit(ms: number, onOver: () => void) {
  let over = false
  const timer = setTimeout(() => {
    over = true
    onOver()
  }, ms)
  return { isOver: () => over, stop: () => clearTimeout(timer) }
}

/**
 * Text of a stream that has ended; undefined if there was more than `limit`. What is too much is read all the same, and
 * forgotten: so the tool comes to its end, and its exit code tells what it made of the file.
 */
function firstBytes(stream: Readable, limit: number): () => string | undefined {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= limit) chunks.push(chunk)
  })
  return () => (bytes > limit ? undefined : Buffer.concat(chunks).toString('utf8'))
}

/** Keeps only the end of a stream: a noisy child must not fill memory. */
function lastBytes(stream: Readable, limit: number): () => string {
  let kept: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-limit)
  })
  return () => kept.toString('utf8')
}
