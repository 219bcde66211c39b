import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createApi, type Api } from '../support/api.ts'
import { makeAudio, SOURCES } from '../support/audio.ts'
import { holdPart } from '../support/held-part.ts'
import { living, processTree } from '../support/processes.ts'
import { makeDataDir, readyUrl, startProgram } from '../support/program.ts'
import { pacedFfmpeg } from '../support/tools.ts'

/** Of FFmpeg, times real time. */
const PACE = 4
const ROOT = path.resolve(import.meta.dirname, '../..')

/** Before 10.3, npm neither ends by these signals nor forwards them: only who signals its whole group ends it. */
const [major = 0, minor = 0] = execFileSync('npm', ['--version'], { encoding: 'utf8' }).split('.').map(Number)
const npmForwardsSignals = major > 10 || (major === 10 && minor >= 3)

/**
 * The program as `npm start` starts it, with embedded stores, and npm as the first of a process group, as under a shell or a
 * supervisor. Without `prestart`, which whoever started the tests has run, and which would replace packages in use.
 */
async function startByNpm(folder: string) {
  const npm = spawn('npm', ['start', '--ignore-scripts', '--no-update-notifier'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      HOME: folder, // where npm writes its log
      PORT: '0',
      DATA_DIR: path.join(folder, 'data'),
      FFMPEG_PATH: await pacedFfmpeg(folder, PACE),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  const listen = (chunk: Buffer) => (output += chunk.toString())
  npm.stdout.on('data', listen)
  npm.stderr.on('data', listen)
  const ended = once(npm, 'exit').then(([code]) => code as number | null)
  const url = await readyUrl(npm, () => output)
  const pid = npm.pid ?? 0
  onTestFinished(async () => {
    for (const one of await living(await processTree(pid).catch(() => []))) process.kill(one.pid, 'SIGKILL')
  })
  return { pid, url, ended, api: createApi(url), output: () => output }
}

/** Has a minute of sound converted, which takes long enough to be stopped; gives the job's id. */
async function beginConversion(folder: string, api: Api): Promise<string> {
  const file = path.join(folder, 'song.mp3')
  await makeAudio(file, { seconds: 60, flags: SOURCES.mp3 })
  const { id } = await api.convert(await api.upload('song.mp3', await readFile(file)), 'opus')
  await api.follow(id, ({ phase, progress }) => phase === 'converting' && progress > 0)
  return id
}

test.runIf(npmForwardsSignals).each([
  ['SIGTERM', 0],
  ['SIGINT', 0],
  ['SIGHUP', null], // npm dies of it
] as const)(
  '%s to npm alone ends the server and all it started, and the data folder can be used again',
  async (signal, exitCode) => {
    await using folder = await makeDataDir()
    const { pid, api, ended } = await startByNpm(folder.path)
    const jobId = await beginConversion(folder.path, api)
    const tree = await processTree(pid)
    onTestFinished(async () => {
      for (const one of await living(tree)) process.kill(one.pid, 'SIGKILL')
    })
    const commands = tree.map(({ command }) => command)
    expect(commands).toEqual(expect.arrayContaining(['dynoxide', 'ffmpeg']))

    process.kill(pid, signal)
    expect(await ended).toBe(exitCode)
    await expect.poll(() => living(tree)).toEqual([])

    const dataDir = path.join(folder.path, 'data')
    await using again = await startProgram({ dataDir, embedded: true })
    await createApi(again.url).done(jobId)
  },
)

test('Ctrl-C, which a terminal sends to npm and the server alike, stops in order', async () => {
  await using folder = await makeDataDir()
  const { pid, url, api, ended, output } = await startByNpm(folder.path)
  const { id } = await api.createUpload('song.wav', 1000)
  const part = holdPart({
    url: `${url}/api/uploads/${id}/parts/1`,
    bytes: Buffer.alloc(1000),
    headers: { expect: '100-continue' },
  })
  await part.accepted

  process.kill(-pid, 'SIGINT')
  await expect.poll(output).toContain('"stopping"')
  expect((await part.finish()).status).toBe(200)
  expect(await ended).toBe(0)
})
