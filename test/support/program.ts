import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { promisify } from 'node:util'
import { storesAreElsewhere } from './elsewhere.ts'
import { makeDataDir, startStores, type SharedStores } from './embedded.ts'
import { FFMPEG_SETTINGS } from './ffmpeg-paths.ts'

export { makeDataDir } from './embedded.ts'

/** The whole program as a child process, in a data folder of its own, with embedded stores. */
export type Program = AsyncDisposable & {
  url: string
  pid: number
  /** Sends a signal and waits for the end. The data folder stays until disposal. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** What it wrote so far, both pipes. */
  output(): string
  /** Its stores, where it has no embedded ones since those of the tests are elsewhere. */
  stores?: SharedStores | undefined
}

const ROOT = path.resolve(import.meta.dirname, '../..')
const MAIN = ['--disable-warning=ExperimentalWarning', 'src/cli/main.ts']
/** Settings of the machine must not reach the program under test. */
const BARE = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...FFMPEG_SETTINGS }

/** The bucket of a program with embedded stores. */
export const PROGRAM_BUCKET = 'tapedeck'

/**
 * Starts the program on a free port and resolves when it is ready. Without `dataDir` it gets a temporary one that goes
 * with it. `embedded`: for tests of the embedded stores, which need them wherever the stores of the others are. Throws
 * with its output when it ends before it is ready.
 */
export async function startProgram(
  options: { dataDir?: string; env?: Record<string, string>; embedded?: boolean } = {},
): Promise<Program> {
  await using opened = new AsyncDisposableStack()
  const folder = options.dataDir ?? opened.use(await makeDataDir()).path
  const ownStores = options.env?.['S3_BUCKET_NAME'] === undefined
  const stores =
    ownStores && storesAreElsewhere && !options.embedded
      ? opened.use(await startStores({ folder, bucket: PROGRAM_BUCKET }))
      : undefined
  const child = spawn(process.execPath, [...MAIN, 'serve'], {
    cwd: ROOT,
    env: { ...BARE, PORT: '0', DATA_DIR: folder, ...stores?.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const listen = (chunk: Buffer) => (output += chunk.toString())
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  const kill = async (signal: NodeJS.Signals) => {
    if (!hasEnded(child)) {
      child.kill(signal)
      await once(child, 'close')
    }
    await stores?.close()
  }
  opened.defer(() => kill('SIGTERM'))
  const url = await readyUrl(child, () => output)
  const all = opened.move()
  return {
    ...{ url, pid: child.pid ?? 0, kill, output: () => output, stores },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Runs one command of the program to its end; gives what it printed. Throws unless it ends with 0. */
export async function runProgram(args: string[], env: Record<string, string>): Promise<string> {
  const options = { cwd: ROOT, env: { ...BARE, ...env } }
  const { stdout } = await promisify(execFile)(process.execPath, [...MAIN, ...args], options)
  return stdout
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

/** The address of the line that says it is ready. */
export async function readyUrl(child: ChildProcess, output: () => string): Promise<string> {
  const { stdout } = child
  if (!stdout) throw new Error('The program has no stdout.')
  const ended = once(child, 'close').then(() => {
    throw new Error(`The program ended before it was ready:\n${output()}`)
  })
  ended.catch(() => undefined)
  for (;;) {
    const [, url] = /is ready[^]*? (http:\/\/\S+)/.exec(output()) ?? []
    if (url) return url
    await Promise.race([once(stdout, 'data'), ended])
  }
}
