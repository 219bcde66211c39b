import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { BARE_ENVIRONMENT } from './command.ts'

/** A media tool ended badly. `stderr` holds its last lines. */
export class ToolFailed extends Error {
  readonly exitCode: number | null
  readonly stderr: string

  constructor(tool: string, exitCode: number | null, stderr: string) {
    super(`${tool} ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}`)
    this.exitCode = exitCode
    this.stderr = stderr
  }
}

/** A child that was started: what it says, and how it ends. */
export type Child = {
  stdout: Readable
  /** Text of pipe 3, where FFmpeg writes its progress. */
  progress: Readable
  /** The last 4 KB of stderr so far. */
  stderr: () => string
  /** Resolves with the exit code, null after a signal; rejects when the command could not be started. */
  exited: Promise<number | null>
  /** Ends the child at once; its output is thrown away by the caller. */
  kill: () => void
}

const STDERR_BYTES = 4096

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

/** Runs a command to its end and gives what it wrote. Throws {@link ToolFailed} unless it exits with 0. */
export async function runTool(
  command: readonly string[],
  cwd: string,
  signal?: AbortSignal,
): Promise<{ stdout: string; stderr: string }> {
  const child = startChild(command, cwd, signal)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.progress.resume()
  const exitCode = await child.exited
  signal?.throwIfAborted()
  if (exitCode !== 0) throw new ToolFailed(command[0] ?? '', exitCode, child.stderr())
  return { stdout: Buffer.concat(chunks).toString('utf8'), stderr: child.stderr() }
}

/** Keeps only the end of a stream: a noisy child must not fill memory. */
function lastBytes(stream: Readable, limit: number): () => string {
  let kept: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-limit)
  })
  return () => kept.toString('utf8')
}
