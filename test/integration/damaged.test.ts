import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi, problem, type Api } from '../support/api.ts'
import { listen, makeAudio, SOURCES } from '../support/audio.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'

const run = promisify(execFile)
const SECONDS = 20
let folder: Awaited<ReturnType<typeof makeDataDir>>
let program: Program
let api: Api

beforeAll(async () => {
  folder = await makeDataDir()
  program = await startProgram({ dataDir: path.join(folder.path, 'data') })
  api = createApi(program.url)
})
afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function bytesOf(extension: keyof typeof SOURCES): Promise<Buffer<ArrayBuffer>> {
  const file = path.join(folder.path, `whole.${extension}`)
  await makeAudio(file, { seconds: SECONDS, flags: SOURCES[extension] })
  return readFile(file)
}

const logOf = async (jobId: string) => (await api.call(`jobs/${jobId}/log`)).text()

test('a truncated source gives what is in it, with a warning of what is not, never a silent success', async () => {
  const whole = await bytesOf('flac')
  const uploadId = await api.upload('cut.flac', whole.subarray(0, whole.length / 2))
  const { id } = await api.convert(uploadId, 'wav')
  await api.done(id)
  const job = await api.findJob(id)
  expect(job.warnings?.join()).toMatch(
    /lasts \d+\.\d\d s; by what the source announced it should last 20\.00 s/,
  )
  const file = path.join(folder.path, 'cut.wav')
  await writeFile(file, await api.result(id))
  const { durationMs } = await listen(file)
  expect(durationMs).toBeGreaterThan(5_000)
  expect(durationMs).toBeLessThan(15_000)
})

test('a source with holes is converted with a warning, and its log has the words of FFmpeg without our paths', async () => {
  const holey = Buffer.from(await bytesOf('flac'))
  for (let at = 50_000; at < holey.length; at += 50_000) holey.fill(0x55, at, at + 2000)
  const { id } = await api.convert(await api.upload('holes.flac', holey), 'mp3')
  await api.done(id)
  expect((await api.findJob(id)).warnings?.join()).toMatch(/damaged in places \(FFmpeg: /)
  const log = await logOf(id)
  expect(log).not.toBe('')
  expect(log).not.toContain(folder.path)
})

test('of a source that is damaged nearly everywhere, what is left is given, with warnings', async () => {
  const file = path.join(folder.path, 'mostly.tta')
  await makeAudio(file, { seconds: SECONDS, flags: ['-c:a', 'tta'] })
  const bytes = Buffer.from(await readFile(file))
  // Packets of TTA last about a second each, and the first quarter of them stays whole.
  for (let at = Math.floor(bytes.length / 4); at < bytes.length; at += 1000) bytes.fill(0x55, at, at + 4)
  const { id } = await api.convert(await api.upload('mostly.tta', bytes), 'flac')
  await api.done(id)
  const { result, warnings = [] } = await api.findJob(id)
  expect(result?.durationMs).toBeGreaterThan((SECONDS * 1000) / 5)
  expect(result?.durationMs).toBeLessThan((SECONDS * 1000) / 3)
  expect(warnings.join()).toMatch(/should last 20\.00 s.*damaged in places/)
})

test('a source of which FFmpeg makes nothing and says nothing fails all the same, and only once', async () => {
  const empty = Buffer.from(await bytesOf('flac'))
  empty.fill(0, 8300) // the headers say what it would be; nothing of it follows
  const { id } = await api.convert(await api.upload('empty.flac', empty), 'mp3')
  const last = (await api.follow(id, ({ state }) => state !== 'queued' && state !== 'running')).at(-1)
  expect(last).toMatchObject({ state: 'failed', error: { code: 'conversion-failed' } })
  expect(last?.progress).toBeLessThan(100)
  expect(await api.findJob(id)).toMatchObject({
    attempt: 1,
    error: { message: 'No audio could be made of this file.' },
  })
  expect((await api.call(`jobs/${id}/result`)).status).toBe(409)
})

test('a job that went well has an empty log', async () => {
  const { id } = await api.convert(await api.upload('good.flac', await bytesOf('flac')), 'mp3')
  await api.done(id)
  expect([await logOf(id), (await api.findJob(id)).warnings]).toEqual(['', undefined])
})

test('a film without sound is refused by a code of its own, with what was found', async () => {
  const file = path.join(folder.path, 'film.mp4')
  await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc=d=1', '-c:v', 'mpeg4', file])
  const bytes = await readFile(file)
  const { id } = await api.createUpload('film.mp4', bytes.length)
  await api.putPart(id, 1, bytes)
  const refusal = await problem(await api.complete(id))
  expect(refusal).toMatchObject({ httpStatus: 422, code: 'no-audio-stream' })
  expect(refusal.detail).toContain('video mpeg4 in mov')
})
