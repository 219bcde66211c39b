import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TargetsView } from '../../src/contract/index.ts'
import { HOUR_MS, MiB, SECOND_MS } from '../../src/kernel/units.ts'
import { PartRepository, UploadRepository } from '../../src/uploads/index.ts'
import { createApi, hex, json, problem, type Api } from '../support/api.ts'
import { wavOf } from '../support/audio.ts'
import { startService, type CapacityUse, type TurnedService } from '../support/service.ts'

const PART = 5 * MiB

let song: Buffer<ArrayBuffer>
beforeAll(async () => {
  song = await wavOf(90) // 16 MB: four parts
})

let running: TurnedService
let api: Api
beforeEach(async () => {
  running = await startService({ PART_SIZE_MIB: '5' })
  api = createApi(running.url)
})
afterEach(() => running[Symbol.asyncDispose]())

const slice = (part: number) => song.subarray((part - 1) * PART, part * PART)
const send = async (id: string, ...parts: number[]) => {
  for (const part of parts) await json(await api.putPart(id, part, slice(part)))
}
const begin = (body: object = {}) => api.post('uploads', { name: 'song.wav', size: song.length, ...body })
const created = async (body: object = {}) => (await json<{ id: string }>(await begin(body), 201)).id
const expiresIn = async (id: string, since: number) =>
  Date.parse((await api.findUpload(id)).expiresAt) - since

test('an upload lives a day past its last part, and six days at most, however slowly it comes in', async () => {
  const begun = Date.now()
  const id = await created()
  for (let hours = 0; hours < 6 * 24 - 20; hours += 20) {
    running.turn(20 * HOUR_MS)
    await send(id, 1 + ((hours / 20) % 4))
    const lived = (hours + 20) * HOUR_MS
    const left = await expiresIn(id, begun + lived)
    expect(left).toBeGreaterThanOrEqual(Math.min(24 * HOUR_MS, 6 * 24 * HOUR_MS - lived) - SECOND_MS)
    expect(left + lived).toBeLessThanOrEqual(6 * 24 * HOUR_MS + 60 * SECOND_MS)
  }
  running.turn(25 * HOUR_MS)
  expect(await problem(await api.call(`uploads/${id}`))).toMatchObject({ httpStatus: 410 })
})

test('once it has expired, every call about an upload is answered 410', async () => {
  const id = await created()
  await send(id, 1)
  await api.uploadProgress(id) // it is remembered
  running.turn(26 * HOUR_MS)
  const calls = {
    view: api.call(`uploads/${id}`),
    progress: api.call(`upload-progress?uploadId=${id}`),
    targets: api.post(`uploads/${id}/targets`, { want: [{ part: 2 }] }),
    part: api.putPart(id, 2, slice(2)),
    complete: api.complete(id),
  }
  for (const [name, call] of Object.entries(calls))
    expect([name, await problem(await call)]).toMatchObject([
      name,
      { httpStatus: 410, code: 'upload-expired' },
    ])
})

test('the checksum that was announced at the beginning is compared at the end', async () => {
  const right = hex(crc32(song))
  const id = await created({ crc32: 'deadbeef' })
  await send(id, 1, 2, 3, 4)
  expect(await problem(await api.complete(id))).toMatchObject({ httpStatus: 422, code: 'checksum-mismatch' })
  expect((await api.findUpload(id)).state).toBe('open')

  const well = await created({ crc32: right.toUpperCase() })
  await send(well, 4, 3, 2, 1)
  await json(await api.complete(well, { crc32: right }))
  await json(await api.complete(well, { crc32: right }))
  expect(await problem(await api.complete(well, { crc32: 'deadbeef' }))).toMatchObject({ httpStatus: 422 })
})

test('two people who upload the same file never see each other', async () => {
  const [one, two] = await Promise.all([created(), created()])
  expect(one).not.toBe(two)
  await send(one, 1, 2)
  expect(await api.findUpload(two)).toMatchObject({ received: '', bytesReceived: 0 })
  await api.call(`uploads/${one}`, { method: 'DELETE' })
  await send(two, 1, 2, 3, 4)
  await json(await api.complete(two))
})

test('a file with other bytes is told from the one that was begun by the checksum of one part', async () => {
  const id = await created()
  await send(id, 2)
  const want = (part: number, bytes: Buffer) => ({ want: [{ part, crc32: hex(crc32(bytes)) }] })
  const same = await json<TargetsView>(await api.post(`uploads/${id}/targets`, want(2, slice(2))))
  expect(same).toEqual({ targets: [], received: '2' })
  const other = await problem(await api.post(`uploads/${id}/targets`, want(2, randomBytes(PART))))
  expect(other).toMatchObject({ httpStatus: 409, code: 'part-conflict', part: 2 })
})

test('a cancelled upload gives no targets, and one that is not audio says so whatever is asked of it', async () => {
  const want = { want: [{ part: 1 }] }
  const id = await created()
  await api.call(`uploads/${id}`, { method: 'DELETE' })
  expect(await problem(await api.post(`uploads/${id}/targets`, want))).toMatchObject({
    code: 'upload-aborted',
  })
  const noise = await created({ size: PART })
  await json(await api.putPart(noise, 1, randomBytes(PART)))
  expect(await problem(await api.complete(noise))).toMatchObject({ httpStatus: 422, code: 'not-audio' })
  for (const again of [api.complete(noise), api.post(`uploads/${noise}/targets`, want)])
    expect(await problem(await again)).toMatchObject({ httpStatus: 422, code: 'not-audio' })
})

test('a part is answered with the ETag that S3 gave it, sent once or twice', async () => {
  const id = await created()
  const first = await api.putPart(id, 1, slice(1))
  const again = await api.putPart(id, 1, slice(1))
  expect(first.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/)
  expect(again.headers.get('etag')).toBe(first.headers.get('etag'))
})

const usesSince = (from: number) => running.uses.slice(from).filter(({ table }) => table.endsWith('-uploads'))
const READS = /^(Get|BatchGet|Query)/
const units = (uses: readonly CapacityUse[], kind: (operation: string) => boolean) =>
  uses.filter(({ operation }) => kind(operation)).reduce((sum, use) => sum + use.units, 0)

test('a part costs one write unit and four read units, and a crowd that watches one read a second', async () => {
  const id = await created()
  await send(id, 1)
  let from = running.uses.length
  await send(id, 2)
  const ofPart = usesSince(from)
  expect(units(ofPart, (operation) => !READS.test(operation))).toBe(1)
  expect(units(ofPart, (operation) => READS.test(operation))).toBeLessThanOrEqual(4)
  running.turn(2 * SECOND_MS)
  from = running.uses.length
  await Promise.all(Array.from({ length: 200 }, () => api.uploadProgress(id)))
  expect(usesSince(from)).toMatchObject([{ operation: 'Query', units: 1 }])
})

/** Rows beside the service, as another process would write them. */
const rows = () => ({
  parts: new PartRepository(running.stores.background, running.tablePrefix),
  sessions: new UploadRepository(running.stores.background, running.tablePrefix),
})
const listed = (part: number) => ({ part, size: PART, etag: '"e"', crc32: '00000000', at: Date.now() })

test('of the parts of an upload only those after the first gap are read again', async () => {
  const id = await created({ size: 2000 * PART })
  const most = Array.from({ length: 1998 }, (_, at) => listed(at + 1))
  await rows().parts.addListed(id, most)
  let from = running.uses.length
  expect((await api.uploadProgress(id)).partsReceived).toBe(1998)
  expect(units(usesSince(from), () => true)).toBeGreaterThan(20)
  await rows().parts.addListed(id, [listed(2000)])
  running.turn(2 * SECOND_MS)
  from = running.uses.length
  expect((await api.uploadProgress(id)).partsReceived).toBe(1999)
  expect(units(usesSince(from), (operation) => READS.test(operation))).toBe(1)
})

test('parts that were taken back are forgotten as soon as the session says that something changed', async () => {
  const id = await created()
  await send(id, 1, 2, 3)
  expect((await api.uploadProgress(id)).partsReceived).toBe(3)
  await rows().parts.remove(id, [2])
  await rows().sessions.change(id, ['open'], { state: 'open', updatedAt: Date.now() + 1 })
  running.turn(2 * SECOND_MS)
  expect((await api.uploadProgress(id)).partsReceived).toBe(2)
})

test('progress tells rate and time left from what came lately', async () => {
  const id = await created()
  expect(await api.uploadProgress(id)).toMatchObject({ bytesPerSecond: null, etaMs: null, progress: 0 })
  for (const part of [1, 2, 3]) {
    await send(id, part)
    running.turn(10 * SECOND_MS)
  }
  const { bytesPerSecond, etaMs, progress } = await api.uploadProgress(id)
  expect(bytesPerSecond).toBeGreaterThan((0.9 * 2 * PART) / 30)
  expect(bytesPerSecond).toBeLessThanOrEqual((2 * PART) / 30)
  expect(etaMs).toBeCloseTo((slice(4).length / (bytesPerSecond ?? 1)) * SECOND_MS, -1)
  expect(progress).toBe(Math.floor(((3 * PART) / song.length) * 1000) / 10)
})
