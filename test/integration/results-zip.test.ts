import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JobView } from '../../src/contract/index.ts'
import { JobExpiry, JobRepository, ResultStore } from '../../src/conversions/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { newId } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { HOUR_MS, MiB } from '../../src/kernel/units.ts'
import { createApi, problem, type Api } from '../support/api.ts'
import { makeAudio, SOURCES, wavOf } from '../support/audio.ts'
import { makeDataDir, startProgram } from '../support/program.ts'
import { startService, type TurnedService } from '../support/service.ts'
import { unzip } from '../support/unzip.ts'

/** More than all sockets on the way hold. */
const LARGE_SECONDS = 300
/** 151 MiB. */
const HUGE_SECONDS = 900
const LOOK_EVERY_BYTES = 8 * MiB

let running: TurnedService
let api: Api
let song: Buffer<ArrayBuffer>
let large: string

beforeAll(async () => {
  running = await startService()
  api = createApi(running.url)
  song = await wavOf(1)
  large = (await convert(api, 'large.flac', await flacOf(LARGE_SECONDS), 'wav')).id
})
afterAll(() => running[Symbol.asyncDispose]())

/** A small file with a large result. */
async function flacOf(seconds: number): Promise<Buffer<ArrayBuffer>> {
  await using folder = await makeDataDir()
  const file = path.join(folder.path, 'song.flac')
  await makeAudio(file, { seconds, flags: SOURCES.flac })
  return await readFile(file)
}

/** A job that is done. */
async function convert(on: Api, name: string, bytes: Buffer<ArrayBuffer>, format = 'mp3'): Promise<JobView> {
  const { id } = await on.convert(await on.upload(name, bytes), format)
  await on.done(id)
  return on.findJob(id)
}

const ask = (on: Api, ids: readonly string[], init?: RequestInit) =>
  on.call(`results.zip?${ids.map((id) => `jobId=${id}`).join('&')}`, init)

const piecesOf = (answer: Response) => (answer.body ?? []) as AsyncIterable<Uint8Array> | []

/** Reads an answer for as long as it comes; `cut`: the connection ended before the answer did. */
async function download(answer: Response): Promise<{ bytes: Buffer; cut: boolean }> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of piecesOf(answer)) pieces.push(piece)
    return { bytes: Buffer.concat(pieces), cut: false }
  } catch {
    return { bytes: Buffer.concat(pieces), cut: true }
  }
}

const lengthOf = (answer: Response) => Number(answer.headers.get('content-length'))

/** The bodies of objects, from now on, in the order in which they are opened. */
function watchBodies(s3: S3Client): Readable[] {
  const bodies: Readable[] = []
  s3.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      if ('Body' in result.output && result.output.Body instanceof Readable) bodies.push(result.output.Body)
      return result
    },
    { step: 'initialize', name: 'watchBodies', override: true },
  )
  return bodies
}

test('a zip has each result as it is, in the order of the ids, under a name of its own', async () => {
  const jobs = [
    await convert(api, 'song.wav', song),
    await convert(api, 'Ünïcödé 🎵 "quoted".wav', song, 'flac'),
    await convert(api, 'SONG.flac', song),
    await convert(api, 'song.aiff', song),
    await convert(api, 'C:B-side.wav', song, 'opus'),
  ]
  const ids = jobs.map(({ id }) => id).reverse()
  const answer = await ask(api, [...ids, ...ids])
  const { bytes, cut } = await download(answer)
  expect([answer.status, cut, bytes.length]).toEqual([200, false, lengthOf(answer)])

  const files = await unzip(bytes)
  expect(files.map(({ name }) => name)).toEqual([
    'C_B-side.opus',
    'song.mp3',
    'SONG (2).mp3',
    'Ünïcödé 🎵 _quoted_.flac',
    'song (3).mp3',
  ])
  for (const [at, job] of jobs.reverse().entries()) {
    expect(files[at]?.bytes.equals(await api.result(job.id))).toBe(true)
    const age = Date.parse(job.finishedAt ?? '') - (files[at]?.modifiedAt.getTime() ?? 0)
    expect(age).toBeGreaterThanOrEqual(0)
    expect(age).toBeLessThan(2000) // a zip counts every other second
  }
})

test('it says beforehand what it is and how long, also when only that is asked', async () => {
  const whole = await ask(api, [large])
  const { bytes } = await download(whole)
  expect((await unzip(bytes)).map(({ name }) => name)).toEqual(['large.wav'])
  const bodies = watchBodies(running.stores.s3)
  const head = await ask(api, [large], { method: 'HEAD' })
  for (const { status, headers } of [whole, head]) {
    expect(status).toBe(200)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename=tapedeck.zip',
      'content-length': `${bytes.length}`,
      'cache-control': 'no-store',
    })
  }
  expect((await download(head)).bytes).toHaveLength(0)
  expect(bodies).toHaveLength(0)
})

test('it comes through this process also where a single result is fetched from the store', async () => {
  await using direct = await startService({ DOWNLOAD_TRANSPORT: 'direct' })
  const there = createApi(direct.url)
  const { id } = await convert(there, 'song.wav', song)
  expect((await there.call(`jobs/${id}/result`, { redirect: 'manual' })).status).toBe(302)
  const answer = await ask(there, [id], { redirect: 'manual' })
  expect(answer.status).toBe(200)
  expect(await unzip((await download(answer)).bytes)).toHaveLength(1)
})

describe('refused before the first byte, with the first job in the way', () => {
  test('a job that is not done', async () => {
    await using idle = await startService({ ROLE: 'api' })
    const there = createApi(idle.url)
    const { id } = await there.convert(await there.upload('song.wav', song), 'mp3')
    expect(await problem(await ask(there, [id, newId()]))).toMatchObject({
      ...{ httpStatus: 409, code: 'job-not-done', jobId: id, state: 'queued' },
      detail: expect.stringContaining(id) as string,
    })
    expect((await ask(there, [id], { method: 'HEAD' })).status).toBe(409)
  })

  test('a job that does not exist', async () => {
    for (const unknown of [newId(), 'no-id'])
      expect(await problem(await ask(api, [large, unknown, newId()]))).toMatchObject({
        ...{ httpStatus: 404, code: 'job-not-found', jobId: unknown },
        detail: expect.stringContaining(unknown) as string,
      })
  })

  test('a job that has expired', async () => {
    await using old = await startService()
    const there = createApi(old.url)
    const { id } = await convert(there, 'song.wav', song)
    old.turn(28 * HOUR_MS)
    expect(await problem(await ask(there, [id]))).toMatchObject({
      ...{ httpStatus: 410, code: 'job-expired', jobId: id },
      detail: expect.stringContaining(id) as string,
    })
  })

  test('no job at all, and more than a hundred', async () => {
    const many = Array.from({ length: 101 }, newId)
    for (const ids of [[], many])
      expect(await problem(await ask(api, ids))).toMatchObject({ httpStatus: 400, code: 'invalid-request' })
    const hundred = [...many.slice(1), ...many.slice(1)] // each of them twice
    expect(await problem(await ask(api, hundred))).toMatchObject({ jobId: many[1] })
  })
})

test('who hangs up in the middle has the object closed that was read, and no other was opened', async () => {
  const bodies = watchBodies(running.stores.s3)
  const { id } = await convert(api, 'next.wav', song)
  const client = new AbortController()
  const answer = await ask(api, [large, id], { signal: client.signal })
  await answer.body?.getReader().read()
  const [body] = bodies
  if (!body) throw new Error('Nothing was opened.')
  const closed = once(body, 'close')
  client.abort()
  await closed
  expect(body.readableEnded).toBe(false)
  expect(bodies).toHaveLength(1)
  expect((await download(await ask(api, [id]))).cut).toBe(false)
})

describe('a download that cannot be whole is cut off', () => {
  /** Fails unless it began well and did not end. */
  async function expectCut(answer: Response): Promise<void> {
    const { bytes, cut } = await download(answer)
    expect([answer.status, cut]).toEqual([200, true])
    expect(bytes.length).toBeGreaterThan(0)
    expect(bytes.length).toBeLessThan(lengthOf(answer))
    await expect(unzip(bytes)).rejects.toThrow('End of central directory')
  }

  test('when another process deletes a job before its turn, which is told at the next attempt', async () => {
    const { id } = await convert(api, 'song.wav', song)
    const { stores, tablePrefix } = running
    const common = { clock: systemClock, log: silentLog }
    const jobs = new JobRepository(stores.background, tablePrefix)
    await new JobExpiry({ ...common, jobs, results: new ResultStore(stores) }).removeNow(id)

    await expectCut(await ask(api, [large, id]))
    expect(await problem(await ask(api, [large, id]))).toMatchObject({ code: 'job-expired', jobId: id })
  })

  test.each(['shorter', 'longer'])('when the store has a %s object by now', async (which) => {
    const { id } = await convert(api, `${which}.wav`, song, 'wav')
    const bytes = await api.result(id)
    const changed = which === 'shorter' ? bytes.subarray(1) : Buffer.concat([bytes, bytes])
    const object = { Bucket: running.stores.bucket, Key: `results/${id}/1.wav` }
    await running.stores.s3.send(new PutObjectCommand({ ...object, Body: changed }))
    await expectCut(await ask(api, [id]))
  })

  test('when the line to the store breaks, and what is left cannot be read over another', async () => {
    const { id } = await convert(api, 'lost.flac', await flacOf(LARGE_SECONDS), 'wav')
    const bodies = watchBodies(running.stores.s3)
    const answer = await ask(api, [id])
    const object = { Bucket: running.stores.bucket, Key: `results/${id}/1.wav` }
    await running.stores.s3.send(new DeleteObjectCommand(object))
    bodies[0]?.destroy(new Error('The line is dead.'))
    await expectCut(answer)
  })

  test('but when nothing was sent yet, there is a problem to read', async () => {
    const { id } = await convert(api, 'song.wav', song)
    const object = { Bucket: running.stores.bucket, Key: `results/${id}/1.mp3` }
    await running.stores.s3.send(new DeleteObjectCommand(object))
    const answer = await ask(api, [id, large])
    expect(answer.headers.get('content-disposition')).toBeNull()
    expect(await problem(answer)).toMatchObject({ httpStatus: 410, code: 'job-expired', jobId: id })
  })
})

test('memory does not grow with what is in a zip, nor with what a slow reader leaves', async () => {
  await using folder = await makeDataDir()
  // By a program of its own, so that what it takes to convert something huge is not in the memory of the other one.
  await using before = await startProgram({ dataDir: folder.path })
  const { id } = await convert(createApi(before.url), 'huge.flac', await flacOf(HUGE_SECONDS), 'wav')
  await before.kill('SIGTERM')
  await using program = await startProgram({ dataDir: folder.path })
  const there = createApi(program.url)
  await download(await ask(there, [id], { method: 'HEAD' }))
  const atFirst = await residentBytes(program.url)

  const slow = await ask(there, [id])
  const reader = slow.body?.getReader()
  await reader?.read()
  const fast = await ask(there, [id])
  const peaks: number[] = []
  let read = 0
  for await (const piece of piecesOf(fast)) {
    read += piece.length
    if (read > peaks.length * LOOK_EVERY_BYTES) peaks.push(await residentBytes(program.url))
  }
  await reader?.cancel()
  expect(read).toBe(lengthOf(slow))
  expect(Math.max(...peaks) - atFirst).toBeLessThan(read / 2)
})

async function residentBytes(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1])
}
