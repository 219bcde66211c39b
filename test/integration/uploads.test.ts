import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crc32 } from 'node:zlib'
import { createApi, hex, json, problem, type Api } from '../support/api.ts'
import { makeAudio } from '../support/audio.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'
import { contentsOf, objectsOf } from '../support/stores.ts'
import type { TargetsView } from '../../src/contract/index.ts'

let folder: Awaited<ReturnType<typeof makeDataDir>>
let program: Program
let api: Api
let song: Buffer<ArrayBuffer>

beforeAll(async () => {
  folder = await makeDataDir()
  program = await startProgram({ dataDir: folder.path })
  api = createApi(program.url)
  const file = path.join(folder.path, 'song.wav')
  await makeAudio(file, { seconds: 150 }) // 26 MB: four parts
  song = await readFile(file)
})
afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const partOf = (bytes: Buffer<ArrayBuffer>, part: number, partSize: number) =>
  bytes.subarray((part - 1) * partSize, part * partSize)

test('parts go up in any order and several at once; progress counts exactly what is stored', async () => {
  const { id, partSize, partCount } = await api.createUpload('song.wav', song.length)
  expect(partCount).toBe(4)
  await json(await api.putPart(id, 3, partOf(song, 3, partSize)))
  expect(await api.uploadProgress(id)).toMatchObject({ partsReceived: 1, bytesReceived: partSize })
  await Promise.all(
    [4, 1, 2].map(async (part) => json(await api.putPart(id, part, partOf(song, part, partSize)))),
  )
  expect(await api.findUpload(id)).toMatchObject({
    received: '1-4',
    bytesReceived: song.length,
    progress: 100,
  })
  const media = await json<{ media: object }>(await api.complete(id, { crc32: hex(crc32(song)) }))
  expect(media).toMatchObject({ state: 'ready', media: { container: 'wav', durationMs: 150_000 } })
  const { keys } = await contentsOf(await objectsOf(program, folder.path))
  expect(keys).toContain(`uploads/${id}/source`)
})

test('a part sent again counts once; other bytes for it are refused', async () => {
  const { id, partSize } = await api.createUpload('again.wav', song.length)
  const first = partOf(song, 1, partSize)
  await json(await api.putPart(id, 1, first))
  await json(await api.putPart(id, 1, first))
  expect((await api.uploadProgress(id)).bytesReceived).toBe(partSize)
  const other = await problem(await api.putPart(id, 1, Buffer.alloc(partSize, 1)))
  expect(other).toMatchObject({ httpStatus: 409, code: 'part-conflict' })
  expect((await api.uploadProgress(id)).bytesReceived).toBe(partSize)
})

test('a part that arrives changed is refused, stores nothing, and may be sent again', async () => {
  const { id, partSize } = await api.createUpload('flipped.wav', song.length)
  const bytes = partOf(song, 1, partSize)
  const headers = { 'x-part-crc32': hex(crc32(bytes)) }
  const flipped = Buffer.from(bytes)
  flipped.writeUInt8(flipped.readUInt8(1_000_000) ^ 1, 1_000_000)
  const refused = await problem(await api.putPart(id, 1, flipped, headers))
  expect(refused).toMatchObject({ httpStatus: 422, code: 'checksum-mismatch' })
  expect((await api.findUpload(id)).received).toBe('')
  await json(await api.putPart(id, 1, bytes, headers))
})

test('targets name the parts that are still to be sent, relative to the request', async () => {
  const { id, partSize } = await api.createUpload('targets.wav', song.length)
  await json(await api.putPart(id, 2, partOf(song, 2, partSize)))
  const want = [1, 2, 4].map((part) => ({ part }))
  const request = await api.post(`uploads/${id}/targets`, { want })
  const { targets, received } = await json<TargetsView>(request)
  expect(received).toBe('2')
  expect(targets.map(({ part, method, size }) => [part, method, size])).toEqual([
    [1, 'PUT', partSize],
    [4, 'PUT', song.length - 3 * partSize],
  ])
  const url = new URL(targets[1]?.url ?? '', request.url)
  await json(await fetch(url, { method: 'PUT', body: partOf(song, 4, partSize) }))
  expect((await api.findUpload(id)).received).toBe('2,4')
})

test('completing names the missing parts, and the upload stays open for them', async () => {
  const { id, partSize } = await api.createUpload('missing.wav', song.length)
  await json(await api.putPart(id, 2, partOf(song, 2, partSize)))
  const refused = await problem(await api.complete(id))
  expect(refused).toMatchObject({ httpStatus: 409, code: 'parts-missing', missing: '1,3-4' })
  await Promise.all(
    [1, 3, 4].map(async (part) => json(await api.putPart(id, part, partOf(song, part, partSize)))),
  )
  await json(await api.complete(id))
})

test('completing answers the same every time, two at once included', async () => {
  const { id, partSize } = await api.createUpload('twice.wav', song.length)
  for (const part of [1, 2, 3, 4]) await json(await api.putPart(id, part, partOf(song, part, partSize)))
  const answers = await Promise.all([api.complete(id), api.complete(id)])
  const [first, second] = await Promise.all(answers.map((one) => json(one)))
  expect(second).toEqual(first)
  expect(await json(await api.complete(id))).toEqual(first)
})

test('a whole-file checksum that does not fit is refused, and the upload stays open', async () => {
  const { id, partSize } = await api.createUpload('whole.wav', song.length)
  for (const part of [1, 2, 3, 4]) await json(await api.putPart(id, part, partOf(song, part, partSize)))
  const refused = await problem(await api.complete(id, { crc32: '00000000' }))
  expect(refused).toMatchObject({ httpStatus: 422, code: 'checksum-mismatch' })
  expect((await api.findUpload(id)).state).toBe('open')
})

test('a cancelled upload leaves nothing in S3 and takes no more parts', async () => {
  const objects = await objectsOf(program, folder.path)
  const before = await contentsOf(objects)
  const { id, partSize } = await api.createUpload('cancelled.wav', song.length)
  await json(await api.putPart(id, 1, partOf(song, 1, partSize)))
  const cancel = async () => (await api.call(`uploads/${id}`, { method: 'DELETE' })).status
  expect([await cancel(), await cancel()]).toEqual([204, 204])
  expect(await contentsOf(objects)).toEqual(before)
  const late = await problem(await api.putPart(id, 2, partOf(song, 2, partSize)))
  expect(late).toMatchObject({ httpStatus: 410, code: 'upload-aborted' })
})

test('an idempotency key makes a repeated creation answer the same, and another body a conflict', async () => {
  const headers = { 'idempotency-key': randomBytes(16).toString('hex') }
  const create = (size: number) => api.post('uploads', { name: 'one.wav', size }, headers)
  const first = await json<{ id: string }>(await create(1000), 201)
  expect((await json<{ id: string }>(await create(1000), 201)).id).toBe(first.id)
  expect(await problem(await create(1001))).toMatchObject({ httpStatus: 409, code: 'idempotency-conflict' })

  const uploadId = await api.upload('two.wav', song)
  const job = (format: string) => api.post('jobs', { uploadId, format }, headers)
  const queued = await json<{ id: string }>(await job('wav'), 202)
  expect((await json<{ id: string }>(await job('wav'), 202)).id).toBe(queued.id)
  expect(await problem(await job('flac'))).toMatchObject({ httpStatus: 409, code: 'idempotency-conflict' })
})
