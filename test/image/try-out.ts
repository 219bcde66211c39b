import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { createApi } from '../support/api.ts'
import { wavHeader } from '../support/wav.ts'
import { say } from './build.ts'
import type { Settings } from './dockerfile.ts'
import { confined, type Confinement } from './root.ts'

/** How the beginning of a result says what it is. */
const MARKS = { mp3: 'ID3', flac: 'fLaC', opus: 'OggS', aac: 'ftyp' }
const SECONDS = 180
const BYTES_PER_SECOND = 48_000 * 4

type Image = { root: string; data: string; settings: Settings }

/** Starts it, asks for its health, converts, stops it, and finds the results again after a second start. Throws at what fails. */
export async function tryOut(image: Image): Promise<void> {
  const env = { ...image.settings.env, PORT: String(await freePort()), ALLOWED_HOSTS: 'localhost' }
  await expectReadOnly(image)
  const origin = `http://localhost:${env.PORT}`
  const first = await start(image, env)
  const ids = await convertAll(origin)
  const health = await ends(run(image, env, image.settings.healthcheck ?? ['false']))
  if (health !== 0) throw new Error(`The health check ended with ${health}`)
  const foreign = await fetch(`http://127.0.0.1:${env.PORT}/api/formats`)
  if (foreign.status !== 421) throw new Error(`A foreign host was answered with ${foreign.status}`)
  say(`Memory at most, by process: ${(await memory(image.root)).join(', ')}`)
  await stop(first, image)
  const second = await start(image, env)
  for (const id of ids)
    if ((await createApi(origin).result(id)).length === 0) throw new Error(`${id} is gone`)
  await stop(second, image)
  const silent = await ends(run(image, env, image.settings.healthcheck ?? ['true']))
  if (silent === 0) throw new Error('The health check passes with nothing to answer it')
  say('All of it held.')
}

const run = (
  { root, data, settings }: Image,
  env: Record<string, string>,
  command: readonly string[],
  user?: string,
) =>
  confined({
    ...{ root, directory: settings.directory, env, command, user: user ?? settings.user },
    volume: { host: data, inside: settings.volumes[0] ?? '' },
  } satisfies Confinement)

/** Not even root may write, but in the volume. */
async function expectReadOnly(image: Image): Promise<void> {
  const write = (file: string, user?: string) => ends(run(image, {}, ['touch', file], user))
  for (const file of ['/file', '/app/file', '/tmp/file', '/etc/file'])
    if ((await write(file, '0')) === 0) throw new Error(`${file} could be written`)
  if ((await write('/data/file')) !== 0) throw new Error('The volume cannot be written')
}

async function start(image: Image, env: Record<string, string>): Promise<ChildProcess> {
  const began = performance.now()
  const child = run(image, env, [...image.settings.entrypoint, ...image.settings.cmd])
  const ended = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`It ended with ${String(code)}`)),
  )
  ended.catch(() => undefined)
  // With it ends all that is in its namespace, also where this program fails.
  process.once('exit', () => child.kill('SIGKILL'))
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  while (!output.includes('is ready')) await Promise.race([once(child.stdout ?? child, 'data'), ended])
  say(`Ready after ${Math.round(performance.now() - began)} ms:\n${output}`)
  return child
}

async function convertAll(origin: string): Promise<string[]> {
  const api = createApi(origin)
  const upload = await api.upload('tone.wav', tone())
  const ids: string[] = []
  for (const [format, mark] of Object.entries(MARKS)) {
    const { id } = await api.convert(upload, format)
    await api.done(id)
    const result = await api.result(id)
    if (!result.subarray(0, 16).includes(mark)) throw new Error(`The result is no ${format}`)
    const { result: told } = await api.findJob(id)
    say(`${format}: ${result.length} bytes, ${JSON.stringify(told)}`)
    ids.push(id)
  }
  return ids
}

/** A tone of 440 Hz on both channels, 48 kHz in 16 bit. */
function tone(): Buffer<ArrayBuffer> {
  const header = wavHeader(44 + SECONDS * BYTES_PER_SECOND)
  const sound = new Int16Array((SECONDS * BYTES_PER_SECOND) / 2)
  for (let at = 0; at < sound.length; at++)
    sound[at] = 8000 * Math.sin((2 * Math.PI * 440 * (at >> 1)) / 48_000)
  return Buffer.concat([header, Buffer.from(sound.buffer)])
}

/** Ends it as an engine does: with a signal to the first process of the container. */
async function stop(child: ChildProcess, { root, settings }: Image): Promise<void> {
  const began = performance.now()
  const exited = once(child, 'exit')
  for (const { pid, name } of await processes(root)) if (name === 'tini') process.kill(pid, 'SIGTERM')
  const [code] = (await exited) as [number | null]
  if (code !== 0) throw new Error(`It ended with ${String(code)} after SIGTERM`)
  const tookMs = performance.now() - began
  say(
    `Stopped after ${Math.round(tookMs)} ms, within STOP_TIMEOUT_SECONDS=${settings.env['STOP_TIMEOUT_SECONDS'] ?? ''}`,
  )
}

async function memory(root: string): Promise<string[]> {
  return (await processes(root)).map(({ name, peak }) => `${name} ${peak}`)
}

/** What runs with this folder as its root. */
async function processes(root: string) {
  const found = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const itsRoot = await readlink(`/proc/${pid}/root`).catch(() => '')
    if (itsRoot !== root) continue
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    const field = (name: string) => new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(status)?.[1] ?? ''
    found.push({ pid: Number(pid), name: field('Name'), peak: field('VmHWM') })
  }
  return found
}

async function ends(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
