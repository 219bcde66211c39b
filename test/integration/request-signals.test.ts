import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { wavOf } from '../support/audio.ts'
import { paint } from '../support/pictures.ts'
import { living } from '../support/processes.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'
import { startService } from '../support/service.ts'
import { writeScript } from '../support/tools.ts'

let folder: Awaited<ReturnType<typeof makeDataDir>>
let env: Record<string, string>
let program: Program
let api: Api
let song: Buffer<ArrayBuffer>
let picture: Buffer<ArrayBuffer>

beforeAll(async () => {
  folder = await makeDataDir()
  env = { STOP_TIMEOUT_SECONDS: '3', FFMPEG_PATH: await held('ffmpeg'), FFPROBE_PATH: await held('ffprobe') }
  song = await wavOf(1)
  picture = await paint(at('picture.png'), { size: '30x20' })
  await start()
})
afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})
beforeEach(() => Promise.all(['hold', 'pids'].map((file) => rm(at(file), { force: true }))))

const at = (name: string) => path.join(folder.path, name)

async function start() {
  program = await startProgram({ dataDir: at('data'), env })
  api = createApi(program.url)
}

/** The real tool, but while there is a file `hold` it writes down its process id and comes to no end. */
const held = (tool: string) =>
  writeScript(
    at(tool),
    `while [ -e '${at('hold')}' ]; do [ "$seen" ] || echo $$ >> '${at('pids')}'; seen=1; sleep 0.05; done`,
    `exec ${tool} "$@"`,
  )

const hold = () => writeFile(at('hold'), '')
const release = () => rm(at('hold'))

/** The tools that were held, once one was. */
async function heldTools() {
  await expect.poll(() => stat(at('pids')).then(Boolean, () => false)).toBe(true)
  const pids = (await readFile(at('pids'), 'utf8')).trim().split('\n').map(Number)
  return pids.map((pid) => ({ pid, command: 'held' }))
}

/** What lies in the work folders of all processes. */
async function workFolders(): Promise<string[]> {
  const processes = await readdir(at('data/tmp'))
  return (await Promise.all(processes.map((one) => readdir(at(`data/tmp/${one}`))))).flat()
}

/** Sends all of the song, and does not complete the upload. */
async function upload(to: Api): Promise<string> {
  const { id } = await to.createUpload('song.wav', song.length)
  await json(await to.putPart(id, 1, song))
  return id
}

const artwork = (id: string, signal?: AbortSignal) =>
  api.call(`uploads/${id}/artwork`, {
    method: 'PUT',
    body: picture,
    headers: { 'content-type': 'image/png' },
    ...(signal && { signal }),
  })
const read = (what: string) => (id: string, signal?: AbortSignal) =>
  api.call(`uploads/${id}/${what}`, signal && { signal })

test.each([
  ['a waveform', read('waveform'), 200],
  ['a preview', read('preview'), 200],
  ['a cover that was sent', artwork, 204],
])(
  'when its client leaves, FFmpeg ends that works at %s, and the next request succeeds',
  async (_, ask, status) => {
    const id = await api.upload('song.wav', song)
    await hold()
    const leaving = new AbortController()
    const answer = ask(id, leaving.signal)
    const tools = await heldTools()
    leaving.abort()
    await expect(answer).rejects.toThrow('aborted')
    await expect.poll(() => living(tools)).toEqual([])
    await expect.poll(workFolders).toEqual([])
    expect((await api.findUpload(id)).cover).toBeUndefined()
    await release()
    expect((await ask(id)).status).toBe(status)
    expect(program.output()).not.toContain('request failed')
  },
)

test('an upload is inspected to its end, also when the client that completes it leaves', async () => {
  const id = await upload(api)
  await hold()
  const leaving = new AbortController()
  const answer = api.call(`uploads/${id}/complete`, { method: 'POST', signal: leaving.signal })
  const tools = await heldTools()
  leaving.abort()
  await expect(answer).rejects.toThrow('aborted')
  await release()
  await expect.poll(async () => (await api.findUpload(id)).state).toBe('ready')
  await json(await api.complete(id))
  expect(await heldTools()).toEqual(tools) // it was not inspected again
})

test('an upload whose inspection a shutdown broke off is finished by the next complete', async () => {
  const id = await upload(api)
  await hold()
  const lost = expect(api.complete(id)).rejects.toThrow()
  await heldTools()
  await program.kill('SIGTERM')
  await lost
  expect(program.output()).not.toContain('stopped before everything was closed')
  expect(await readdir(at('data/tmp'))).toEqual([])
  await release()
  await start()
  expect((await api.findUpload(id)).state).toBe('completing')
  expect(await json(await api.complete(id))).toMatchObject({ state: 'ready' })
})

// In this process: the tools of a program die with it, whether it stops them or not.
test('a shutdown ends what is done for requests, and a client that still waits is told to ask again', async () => {
  await using running = await startService(env)
  const { service, url } = running
  const here = createApi(url)
  const id = await upload(here)
  await hold()
  const answer = here.complete(id)
  const tools = await heldTools()
  await service.stop({ withinMs: 100 })
  expect(await problem(await answer)).toMatchObject({ httpStatus: 503, code: 'shutting-down' })
  await expect.poll(() => living(tools)).toEqual([])
  expect((await here.findUpload(id)).state).toBe('completing')
})

test('when the last request is answered or cut, the inspection of an upload ends', async () => {
  await using running = await startService(env)
  const { app } = running.service
  const here = createApi(running.url)
  const id = await upload(here)
  await hold()
  const lost = expect(here.complete(id)).rejects.toThrow()
  const tools = await heldTools()
  const closed = app.close()
  app.server.closeAllConnections()
  await Promise.all([lost, closed])
  await expect.poll(() => living(tools)).toEqual([])
})
