import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createApi, json } from '../support/api.ts'
import { decodedMs, listen, wavOf } from '../support/audio.ts'
import { pacedFfmpeg } from '../support/tools.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'
import { SECOND_MS } from '../../src/kernel/units.ts'
import { contentsOf, objectsOf } from '../support/stores.ts'

/** Of the file that goes up: 27 MB, six parts of 5 MiB. */
const LONG_SECONDS = 155
/** Of the file that is converted, at {@link PACE} times real time. */
const SECONDS = 32
const PACE = 8
let folder: Awaited<ReturnType<typeof makeDataDir>>
let song: Buffer<ArrayBuffer>
let long: Buffer<ArrayBuffer>
let ffmpeg = ''
let running: Program | undefined

beforeAll(async () => {
  folder = await makeDataDir()
  song = await wavOf(SECONDS)
  long = await wavOf(LONG_SECONDS)
  ffmpeg = await pacedFfmpeg(folder.path, PACE)
})
// A test that failed leaves its program running, and the folder it holds is needed by the next.
afterEach(() => running?.[Symbol.asyncDispose]())
afterAll(() => folder[Symbol.asyncDispose]())

const dataDir = () => path.join(folder.path, 'data')

/** Starts the program on the same data folder as before. */
async function start(env: Record<string, string> = {}) {
  running = await startProgram({
    dataDir: dataDir(),
    env: { ...env, FFMPEG_PATH: ffmpeg, PART_SIZE_MIB: '5' },
  })
  return { program: running, api: createApi(running.url) }
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'an upload goes on after %s: only the rest is sent',
  async (signal) => {
    const before = await start()
    const { id, partSize, partCount } = await before.api.createUpload('song.wav', long.length)
    const send = async (api: typeof before.api, part: number) =>
      json(await api.putPart(id, part, long.subarray((part - 1) * partSize, part * partSize)))
    await Promise.all([1, 2, 5].map((part) => send(before.api, part)))
    await before.program.kill(signal)

    const after = await start()
    expect(await after.api.findUpload(id)).toMatchObject({ state: 'open', received: '1-2,5' })
    for (let part = 1; part <= partCount; part++) if (![1, 2, 5].includes(part)) await send(after.api, part)
    const done = await json<{ media: { durationMs: number } }>(await after.api.complete(id))
    expect(done.media.durationMs).toBe(LONG_SECONDS * 1000)
    await after.program.kill('SIGTERM')
  },
)

test('a conversion that was killed in the middle is taken up again and ends done', async () => {
  const before = await start()
  const { id } = await before.api.convert(await before.api.upload('song.wav', song), 'opus')
  await before.api.follow(id, ({ phase, progress }) => phase === 'converting' && progress > 10)
  await before.program.kill('SIGKILL')

  const after = await start()
  expect((await after.api.findJob(id)).state).not.toBe('done')
  await after.api.done(id)
  expect((await after.api.findJob(id)).attempt).toBe(2)
  const result = path.join(folder.path, 'result.opus')
  await writeFile(result, await after.api.result(id))
  expect((await listen(result)).codec).toBe('opus')
  expect(Math.abs((await decodedMs(result)) - SECONDS * 1000)).toBeLessThan(50)
  const { keys } = await contentsOf(await objectsOf(after.program, dataDir()))
  expect(keys.filter((key) => key.startsWith('results/'))).toEqual([`results/${id}/2.opus`])
  await after.program.kill('SIGTERM')
  expect(await readdir(path.join(dataDir(), 'tmp'))).toEqual([])
})

test('a long conversion is given back when its process is stopped in order, and starts anew in the next', async () => {
  const before = await start({ STOP_TIMEOUT_SECONDS: '3' })
  const { id } = await before.api.convert(await before.api.upload('song.wav', song), 'opus')
  await before.api.follow(id, ({ phase, progress }) => phase === 'converting' && progress > 10)
  await json(await before.api.post(`jobs/${id}/retry`), 202) // it runs already: nothing comes of this
  await before.program.kill('SIGTERM')
  expect(await readdir(path.join(dataDir(), 'tmp'))).toEqual([])

  const after = await start()
  await after.api.done(id)
  expect((await after.api.findJob(id)).attempt).toBe(2)
  await after.program.kill('SIGTERM')
})

test('a conversion that is as good as done ends before its process does', async () => {
  const before = await start({ STOP_TIMEOUT_SECONDS: '60' })
  const { id } = await before.api.convert(await before.api.upload('song.wav', song), 'opus')
  await before.api.follow(id, ({ etaMs }) => etaMs !== null && etaMs < 4 * SECOND_MS)
  await before.program.kill('SIGTERM')

  const after = await start()
  expect(await after.api.findJob(id)).toMatchObject({ state: 'done', attempt: 1 })
  await after.program.kill('SIGTERM')
})

test('jobs of yesterday are found after a restart, and their results still download', async () => {
  const before = await start()
  const { id } = await before.api.convert(await before.api.upload('song.wav', await wavOf(1)), 'flac')
  await before.api.done(id)
  const result = await before.api.result(id)
  await before.program.kill('SIGTERM')

  const after = await start()
  expect((await after.api.findJob(id)).state).toBe('done')
  expect((await after.api.result(id)).equals(result)).toBe(true)
  await after.program.kill('SIGTERM')
})

test('a second program on the same data folder is refused, in one sentence', async () => {
  const options = { dataDir: dataDir(), embedded: true }
  await using first = await startProgram(options)
  await expect(startProgram(options)).rejects.toThrow(/cannot start.*data folder/is)
  expect((await createApi(first.url).call('health/live')).status).toBe(200)
})
