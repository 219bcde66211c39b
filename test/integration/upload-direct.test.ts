import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Target, TargetsView } from '../../src/contract/index.ts'
import { MiB, SECOND_MS } from '../../src/kernel/units.ts'
import { createApi, hex, json, problem, type Api } from '../support/api.ts'
import { wavOf } from '../support/audio.ts'
import { storesAreAws } from '../support/elsewhere.ts'
import { startStores } from '../support/embedded.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { startProgram } from '../support/program.ts'
import { startService, type TurnedService } from '../support/service.ts'
import { contentsOf } from '../support/stores.ts'

const PART = 5 * MiB

let song: Buffer<ArrayBuffer>
beforeAll(async () => {
  song = await wavOf(90) // 16 MB: four parts
})

let running: TurnedService
let api: Api
beforeEach(async () => {
  running = await startService({ UPLOAD_TRANSPORT: 'direct', PART_SIZE_MIB: '5' })
  api = createApi(running.url)
})
afterEach(() => running[Symbol.asyncDispose]())

const slice = (part: number) => song.subarray((part - 1) * PART, part * PART)
const all = [1, 2, 3, 4]
const summed = (part: number) => ({ part, crc32: hex(crc32(slice(part))) })

const ask = (id: string, want: object[]) => api.post(`uploads/${id}/targets`, { want })
const targetsOf = async (id: string, want: object[]) => json<TargetsView>(await ask(id, want))
/** As a client sends a part: to whatever URL, with whatever headers it was given. */
const put = ({ url, method, headers }: Target, bytes: Buffer<ArrayBuffer>) =>
  fetch(url, { method, headers, body: bytes })

async function send(id: string, want: { part: number }[]): Promise<void> {
  const { targets } = await targetsOf(id, want)
  for (const target of targets) expect((await put(target, slice(target.part))).status).toBe(200)
}
const createSong = async (body: object = {}) =>
  (
    await json<{ id: string }>(
      await api.post('uploads', { name: 'song.wav', size: song.length, ...body }),
      201,
    )
  ).id

test('parts go straight to S3, which verifies each; what it lists is the progress', async () => {
  const id = await createSong()
  const { targets, received } = await targetsOf(id, all.map(summed))
  expect(received).toBe('')
  expect(targets.map(({ part, size }) => [part, size])).toEqual(all.map((part) => [part, slice(part).length]))
  for (const { url } of targets) expect(url.startsWith(running.url)).toBe(false)
  await put(targets[2] as Target, slice(3))
  expect(await api.findUpload(id)).toMatchObject({ received: '3', bytesReceived: PART, progress: 33 })
  await send(id, all.map(summed))
  expect(await api.findUpload(id)).toMatchObject({ received: '1-4', progress: 100 })
  await json(await api.complete(id, { crc32: hex(crc32(song)) }))
  expect(await api.findUpload(id)).toMatchObject({ state: 'ready', received: '1-4' })
  const job = await api.convert(id, 'flac')
  await api.done(job.id)
})

test('a link takes exactly the bytes it is for: no others, no more and no fewer', async () => {
  const id = await createSong()
  const [target] = (await targetsOf(id, [summed(1)])).targets as [Target]
  expect((await put(target, randomBytes(PART))).status).toBe(400)
  expect((await put(target, slice(1).subarray(1))).status).toBe(403)
  expect((await put({ ...target, headers: {} }, slice(1))).status).toBe(403)
  const elsewhere = { ...target, url: target.url.replace('partNumber=1', 'partNumber=2') }
  expect((await put(elsewhere, slice(1))).status).toBe(403)
  expect((await api.findUpload(id)).received).toBe('')
  expect((await put(target, slice(1))).status).toBe(200)
  expect((await api.findUpload(id)).received).toBe('1')
})

test('where S3 verifies parts, only those whose checksum is given get a target', async () => {
  const id = await createSong()
  const { targets } = await targetsOf(id, [summed(1), { part: 2 }, { part: 3 }])
  expect(targets.map(({ part }) => part)).toEqual([1])
  expect(await problem(await ask(id, [{ part: 2 }]))).toMatchObject({
    httpStatus: 422,
    code: 'checksum-required',
  })
})

test('a client without checksums is served as well, and the whole file is compared with the one it announced', async () => {
  const plain = all.map((part) => ({ part }))
  const id = await createSong({ crc32: hex(crc32(song)) })
  await send(id, plain)
  await json(await api.complete(id))
  const wrong = await createSong({ crc32: 'deadbeef' })
  await send(wrong, plain)
  const refused = { httpStatus: 422, code: 'checksum-mismatch' }
  expect(await problem(await api.complete(wrong))).toMatchObject(refused)
  expect(await problem(await api.complete(wrong))).toMatchObject(refused)
  const { keys } = await contentsOf(running.stores)
  expect(keys).toEqual([`uploads/${id}/source`])
})

test('progress comes from what was last found in S3, and is looked up again every few seconds', async () => {
  const id = await createSong()
  await send(id, [summed(1), summed(2)])
  await expect.poll(async () => (await api.uploadProgress(id)).partsReceived).toBe(2)
  await send(id, [summed(4)])
  for (let polls = 0; polls < 20; polls++) expect((await api.uploadProgress(id)).partsReceived).toBe(2)
  running.turn(4 * SECOND_MS)
  await expect.poll(async () => (await api.uploadProgress(id)).partsReceived).toBe(3)
})

test('parts that are missing are named, and what is stored is not asked for again', async () => {
  const id = await createSong()
  expect(await problem(await api.complete(id))).toMatchObject({ code: 'parts-missing', missing: '1-4' })
  await send(id, [summed(2)])
  expect(await problem(await api.complete(id))).toMatchObject({ code: 'parts-missing', missing: '1,3-4' })
  const { targets } = await targetsOf(id, all.map(summed))
  expect(targets.map(({ part }) => part)).toEqual([1, 3, 4])
})

test('a part may also come through the service, and is verified by both', async () => {
  const id = await createSong()
  await send(id, [summed(1), summed(2)])
  expect(await problem(await api.putPart(id, 3, slice(3)))).toMatchObject({ code: 'checksum-required' })
  for (const part of [3, 4])
    await json(await api.putPart(id, part, slice(part), { 'x-part-crc32': summed(part).crc32 }))
  await json(await api.complete(id, { crc32: hex(crc32(song)) }))
})

test('a client that asks for no target sends its parts through the service', async () => {
  const id = await createSong()
  for (const part of all) await json(await api.putPart(id, part, slice(part)))
  await json(await api.complete(id, { crc32: hex(crc32(song)) }))
})

test('a cancelled upload leaves nothing in S3, and its links take no more parts', async () => {
  const id = await createSong()
  const { targets } = await targetsOf(id, all.map(summed))
  await put(targets[0] as Target, slice(1))
  expect((await api.call(`uploads/${id}`, { method: 'DELETE' })).status).toBe(204)
  expect((await put(targets[1] as Target, slice(2))).status).toBe(404)
  expect(await contentsOf(running.stores)).toEqual({ keys: [], multipartIds: [] })
})

test.skipIf(storesAreAws)('links lead to S3 under the name by which clients reach it', async () => {
  await using stores = await startStores()
  await using front = await startFaultProxy(stores.endpoints.s3)
  const env = {
    ...stores.env,
    UPLOAD_TRANSPORT: 'direct',
    DOWNLOAD_TRANSPORT: 'direct',
    S3_PUBLIC_ENDPOINT: front.url,
  }
  await using program = await startProgram({ dataDir: `${stores.folder}/api`, env })
  const other = createApi(program.url)
  const { id, partCount } = await other.createUpload('song.wav', song.length)
  const want = Array.from({ length: partCount }, (_, at) => ({ part: at + 1 }))
  const { targets } = await json<TargetsView>(await other.post(`uploads/${id}/targets`, { want }))
  for (const target of targets) {
    expect(new URL(target.url).origin).toBe(front.url)
    const from = (target.part - 1) * 8 * MiB
    expect((await put(target, song.subarray(from, from + target.size))).status).toBe(200)
  }
  await json(await other.complete(id))
  const job = await other.convert(id, 'flac')
  await other.done(job.id)
  for (const file of [`jobs/${job.id}/result`, `uploads/${id}/source`]) {
    const answer = await other.call(file, { redirect: 'manual' })
    expect([file, answer.status]).toEqual([file, 302])
    expect(new URL(answer.headers.get('location') ?? '').origin).toBe(front.url)
  }
  const source = await other.call(`uploads/${id}/source`, { headers: { range: 'bytes=0-3' } })
  expect([source.headers.get('content-type'), await source.text()]).toEqual(['audio/wav', 'RIFF'])
  expect((await other.result(job.id)).length).toBeGreaterThan(0)
})
