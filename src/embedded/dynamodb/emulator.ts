import { randomInt } from 'node:crypto'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { KiB } from '../../kernel/units.ts'
import { emulatorCommand, EmulatorMissing } from './binary.ts'

export { EmulatorMissing } from './binary.ts'

/** The DynamoDB emulator as a child process of ours; its address stays the same when it is restarted. */
export type DynamoDbEmulator = { readonly url: string; close(): Promise<void> }

export type EmulatorOptions = {
  /** SQLite database file; made when missing. */
  databaseFile: string
  clock: Clock
  log: Log
}

/**
 * Kills the emulator when our end of the pipe closes, so that not even `kill -9` of this process leaves one behind
 * that would hold the database file. `$@` is the emulator; fd 3 keeps our pipe, which it must not inherit.
 */
const GUARD = `exec 3<&0
"$@" </dev/null 3<&- &
child=$!
(cat <&3; kill -9 $child) >/dev/null 2>&1 &
wait $child`

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

/**
 * Starts the emulator on a random loopback port, waits until it answers, and starts it again whenever it dies.
 * Throws {@link EmulatorMissing} where there is no binary for this platform, {@link DatabaseUnusable}.
 */
export async function startDynamoDb({
  databaseFile,
  clock,
  log,
}: EmulatorOptions): Promise<DynamoDbEmulator> {
  const { url, start, first } = await startFirst(databaseFile, clock)
  const closing = new AbortController()
  let guard = first

  const supervised = (async () => {
    let pause = FIRST_PAUSE_MS
    while (await diedUnasked(guard, closing.signal)) {
      log.error({ exitCode: guard.exitCode, pauseMs: pause }, 'DynamoDB emulator died, starting it again')
      await clock.sleep(pause, closing.signal)
      if (closing.signal.aborted) break
      guard = start()
      const ready = answers(url, guard, clock)
      pause = await ready.then(
        () => FIRST_PAUSE_MS,
        () => Math.min(pause * 2, LONGEST_PAUSE_MS),
      )
    }
  })()

  return {
    url,
    async close() {
      closing.abort()
      guard.stdin.end()
      await supervised
    },
  }
}

type Guard = ChildProcessByStdio<Writable, null, Readable>

/** The emulator ended before it answered. `said`: the last line that it wrote about it. */
class EmulatorExited extends Error {
  readonly said: string

  constructor(exitCode: number, said: string) {
    super(`The DynamoDB emulator ended with exit code ${exitCode} before it answered: ${said}`)
    this.said = said
  }

  /** Between the choice of a port and its use another process has taken it. */
  get isOfThePort(): boolean {
    return this.said.includes('in use')
  }
}

/** The emulator cannot open its database. The message says what to do. */
export class DatabaseUnusable extends Error {
  constructor(databaseFile: string, cause: EmulatorExited) {
    super(
      `The database ${databaseFile} cannot be opened (${cause.said}). Restore the data folder from a backup, or move this ` +
        'file and those beside it that begin with its name away: uploads and jobs are forgotten then.',
      { cause },
    )
  }
}

const MAX_STARTS = 5

/** Starts it at an address that is free; gives how it is started there again. */
async function startFirst(databaseFile: string, clock: Clock) {
  for (let starts = 1; ; starts++) {
    const host = loopbackAddress()
    const port = await freePort(host)
    const url = `http://${host}:${port}`
    const command = [emulatorCommand(), '--host', host, '--port', `${port}`, '--db-path', databaseFile]
    const start = () => spawnGuarded(command)
    const first = start()
    try {
      await answers(url, first, clock)
      return { url, start, first }
    } catch (error) {
      if (!(error instanceof EmulatorExited)) throw error
      if (!error.isOfThePort) throw new DatabaseUnusable(databaseFile, error)
      if (starts === MAX_STARTS) throw error
    }
  }
}

/** In a process group of its own, so that Ctrl-C lets us finish our writes before it goes. */
function spawnGuarded(command: string[]): Guard {
  const guard = spawn('/bin/sh', ['-c', GUARD, 'sh', ...command], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  })
  guard.stdin.on('error', () => undefined) // the guard is gone already, which `exited` sees
  return guard
}

async function diedUnasked(child: Guard, closing: AbortSignal): Promise<boolean> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  child.stdin.destroy()
  return !closing.aborted
}

const READY_WITHIN_MS = 20_000
const ASK_EVERY_MS = 20
/** What a shell exits with when there is no such command (POSIX, Shell Command Language 2.8.2). */
const NOT_FOUND = 127

/** Ready in some 25 ms; asked until it answers anything at all. */
async function answers(url: string, child: Guard, clock: Clock): Promise<void> {
  const said = lastLineOf(child.stderr).catch(() => '')
  for (let waited = 0; waited < READY_WITHIN_MS; waited += ASK_EVERY_MS) {
    if (child.exitCode === NOT_FOUND) throw new EmulatorMissing()
    if (child.exitCode !== null) throw new EmulatorExited(child.exitCode, await said)
    const answered = await fetch(url, { signal: AbortSignal.timeout(1000) }).then(
      (response) => response.text().then(() => true),
      () => false,
    )
    if (answered) return
    await clock.sleep(ASK_EVERY_MS)
  }
  child.stdin.end()
  throw new Error(`The DynamoDB emulator did not answer within ${READY_WITHIN_MS / 1000} s.`)
}

/** The last line of a stream that has ended, of 1 KiB at most. It is read to its end, so that who writes does not wait. */
async function lastLineOf(stream: Readable): Promise<string> {
  let end = ''
  for await (const chunk of stream.setEncoding('utf8')) end = (end + String(chunk)).slice(-KiB)
  return (
    end
      .trimEnd()
      .split('\n')
      .at(-1)
      ?.replace(/^error: /, '') ?? ''
  )
}

/**
 * On Linux an address of this process alone, as all of 127.0.0.0/8 is loopback (RFC 1122, 3.2.1.3): where the emulator of
 * another process has just taken the port, that one must not answer in its place, with its own tables.
 */
function loopbackAddress(): string {
  if (process.platform !== 'linux') return '127.0.0.1'
  const octet = () => randomInt(1, 255)
  return `127.${octet()}.${octet()}.${octet()}`
}

/** A port that was free a moment ago; the emulator keeps it over restarts, so that clients need not be told. */
async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error(`No free port on ${host}.`)
  return address.port
}
