import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runTool, ToolTimedOut } from '../../src/ffmpeg/child.ts'
import { FfmpegStalled, runFfmpeg } from '../../src/ffmpeg/index.ts'
import { createApi } from '../support/api.ts'
import { wavOf } from '../support/audio.ts'
import { startStores } from '../support/embedded.ts'
import { FFMPEG, FFPROBE } from '../support/ffmpeg-paths.ts'
import { makeDataDir, startProgram } from '../support/program.ts'
import { carelessly, toolsAt, writeScript } from '../support/tools.ts'

/** A tool that writes down what the kernel knows of it before it becomes the real one. */
const spy = (folder: string, tool: 'ffmpeg' | 'ffprobe') =>
  writeScript(
    path.join(folder, `spy-${tool}`),
    `{ tr '\\0' '\\n' < /proc/$$/environ; echo; cat /proc/$$/limits; stat -c '%a %n' "$PWD"; } > '${folder}/${tool}.seen'`,
    `exec '${{ ffmpeg: FFMPEG, ffprobe: FFPROBE }[tool]}' "$@"`,
  )

const isThere = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('FFmpeg and ffprobe see no credentials and no setting, only a private folder that is gone afterwards', async () => {
  await using stores = await startStores()
  const { folder, env } = stores
  const secret = env.AWS_SECRET_ACCESS_KEY
  const seen = (tool: string) => readFile(path.join(folder, `${tool}.seen`), 'utf8')
  const [FFMPEG_PATH, FFPROBE_PATH] = [await spy(folder, 'ffmpeg'), await spy(folder, 'ffprobe')]
  await carelessly(folder, [FFMPEG_PATH, '-version'], env)
  expect(await seen('ffmpeg')).toContain(`AWS_SECRET_ACCESS_KEY=${secret}`)

  const settings = { ...env, FFMPEG_PATH, FFPROBE_PATH, ADMIN_KEY: 'a-key-of-the-tests' }
  await using program = await startProgram({ dataDir: path.join(folder, 'data'), env: settings })
  const api = createApi(program.url)
  const { id } = await api.convert(await api.upload('song.wav', await wavOf(1)), 'mp3')
  await api.done(id)
  for (const told of [await seen('ffmpeg'), await seen('ffprobe')]) {
    const [environment = '', limits = ''] = told.split('\n\n')
    expect(environment.split('\n').sort()).toEqual(['LC_ALL=C.UTF-8', 'PATH=/usr/local/bin:/usr/bin:/bin'])
    expect(limits).toMatch(/Max open files +256 +256/)
    expect(limits).toMatch(/Max file size +5497558138880 +5497558138880/)
    const [, mode, work = ''] = /^(\d+) (\/.*)$/m.exec(limits) ?? []
    expect(mode).toBe('700')
    expect(work.startsWith(path.join(folder, 'data', 'tmp'))).toBe(true)
    await expect(stat(work)).rejects.toThrow('ENOENT')
  }
})

test('an FFmpeg that makes no progress any more is killed, and leaves no process', async () => {
  await using folder = await makeDataDir()
  const [pidFile, real] = [path.join(folder.path, 'pid'), await toolsAt()]
  const hanging = [
    `echo $$ > '${pidFile}'`,
    "printf 'out_time_us=1000000\\nprogress=continue\\n' >&3",
    'exec sleep 3600',
  ]
  const ffmpeg = await writeScript(path.join(folder.path, 'hanging'), ...hanging)
  const { signal } = new AbortController()
  const run = { folder: folder.path, sources: ['source'], output: [], signal, stallMs: 1500 }
  const steps: number[] = []
  const ended = (async () => {
    for await (const { processedMs } of runFfmpeg({ ...real, ffmpeg }, run)) steps.push(processedMs)
  })()
  await expect(ended).rejects.toThrow(FfmpegStalled)
  expect(steps).toEqual([1000])
  expect(isThere(Number(await readFile(pidFile, 'utf8')))).toBe(false)
})

test('a tool that comes to no end is killed when its time is over', async () => {
  await using folder = await makeDataDir()
  const hanging = ['sh', '-c', 'echo $$ > pid; exec sleep 3600']
  const ended = runTool(hanging, folder.path, undefined, 1500)
  await expect(ended).rejects.toThrow(ToolTimedOut)
  await expect(ended).rejects.toMatchObject({ exitCode: null, stderr: 'it took longer than 1.5 s' })
  expect(isThere(Number(await readFile(path.join(folder.path, 'pid'), 'utf8')))).toBe(false)
})

test('a tool that says far too much fails, whatever its exit code', async () => {
  const said = (bytes: number) => runTool(['head', '-c', `${bytes}`, '/dev/zero'], '/')
  expect((await said(8_000_000)).stdout.length).toBe(8_000_000)
  await expect(said(9_000_000)).rejects.toMatchObject({ exitCode: 0 })
})

test('Ctrl-C in the terminal of this process does not reach its children', async () => {
  const [pid, , , , group] = (await runTool(['cat', '/proc/self/stat'], '/')).stdout.split(' ')
  expect(group).toBe(pid) // that of the leader of a process group: its own
})
