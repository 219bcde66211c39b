import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProgressView } from '../../src/contract/index.ts'
import { newId } from '../../src/kernel/ids.ts'
import { createApi, problem, type Api } from '../support/api.ts'
import { makeAudio } from '../support/audio.ts'
import { pacedFfmpeg } from '../support/tools.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'

let folder: Awaited<ReturnType<typeof makeDataDir>>
let program: Program
let api: Api
let uploadId = ''

beforeAll(async () => {
  folder = await makeDataDir()
  const FFMPEG_PATH = await pacedFfmpeg(folder.path, 15)
  program = await startProgram({ env: { WORKER_CONCURRENCY: '1', FFMPEG_PATH } })
  api = createApi(program.url)
  const file = path.join(folder.path, 'song.wav')
  await makeAudio(file, { seconds: 45 })
  uploadId = await api.upload('song.wav', await readFile(file))
})
afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const open = (jobIds: string[], headers: Record<string, string> = {}) =>
  api.call(`progress/stream?${jobIds.map((id) => `jobId=${id}`).join('&')}`, { headers })

const viewsIn = (text: string) =>
  [...text.matchAll(/^event: progress\nid: (\S+)\ndata: (.*)$/gm)].map(([, id, data]) => ({
    id: id ?? '',
    view: JSON.parse(data ?? '') as ProgressView,
  }))

test('a stream tells of several jobs to the end of each, and a client that heard it all is told to stay away', async () => {
  const jobs = await Promise.all(['opus', 'flac'].map((format) => api.convert(uploadId, format)))
  const ids = jobs.map(({ id }) => id)
  const answer = await open(ids)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(answer.headers.get('cache-control')).toBe('no-cache, no-transform')
  const text = await answer.text()
  expect(text).toMatch(/^retry: \d+\n\n/)
  const events = viewsIn(text)
  for (const id of ids) {
    const own = events.map(({ view }) => view).filter(({ jobId }) => jobId === id)
    expect(own.at(-1)).toMatchObject({ state: 'done', progress: 100 })
    const percents = own.map(({ progress }) => progress)
    expect(percents).toEqual([...percents].sort((a, b) => a - b))
    expect(percents.length).toBeGreaterThan(2)
  }
  const lastId = events.at(-1)?.id ?? ''
  expect((await open(ids, { 'last-event-id': lastId })).status).toBe(204)
  const unsure = await open(ids, { 'last-event-id': `-${lastId.split('-')[1] ?? ''}` })
  expect(viewsIn(await unsure.text())).toHaveLength(2)
})

test('a stream of nothing but unknown jobs is refused; among others they are only told of', async () => {
  expect(await problem(await open([newId()]))).toMatchObject({ httpStatus: 404, code: 'job-not-found' })
  expect(await problem(await open(['mistyped']))).toMatchObject({ httpStatus: 404 })
  expect(await problem(await api.call('progress/stream'))).toMatchObject({ httpStatus: 400 })
  const { id } = await api.convert(uploadId, 'wav')
  await api.done(id)
  const text = await (await open([id, newId()])).text()
  expect(text).toContain('event: problem\n')
  expect(viewsIn(text)).toHaveLength(1)
})

test('a process that stops ends its streams in order, with the time to come back, and does not wait for them', async () => {
  const FFMPEG_PATH = await pacedFfmpeg(folder.path, 4)
  await using another = await startProgram({
    env: { WORKER_CONCURRENCY: '1', STOP_TIMEOUT_SECONDS: '3', FFMPEG_PATH },
  })
  const there = createApi(another.url)
  const song = await readFile(path.join(folder.path, 'song.wav'))
  const source = await there.upload('song.wav', song)
  const jobs = [await there.convert(source, 'flac'), await there.convert(source, 'opus')]
  const answer = await there.call(`progress/stream?jobId=${jobs[1]?.id ?? ''}`)
  const heard = answer.text()
  await there.follow(jobs[0]?.id ?? '', ({ state }) => state === 'running')
  await another.kill('SIGTERM')
  expect(await heard).toMatch(/^retry: \d+\n\n/)
})
