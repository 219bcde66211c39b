import { randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { beforeAll, expect } from 'vitest'
import type { UploadProgressView, UploadView } from '../../src/contract/index.ts'
import { MiB } from '../../src/kernel/units.ts'
import { hex, json } from '../support/api.ts'
import { wavOf } from '../support/audio.ts'
import type { Fault, StoreCall } from '../support/fault-proxy.ts'
import type { Member } from '../support/fleet.ts'
import { holdPart } from '../support/held-part.ts'
import { test } from '../support/with-fleet.ts'

const PART = 5 * MiB

let song: Buffer<ArrayBuffer>
beforeAll(async () => {
  song = await wavOf(155) // 27 MB: six parts
})

const slice = (part: number) => song.subarray((part - 1) * PART, part * PART)
const create = ({ api }: Member) => api.createUpload('song.wav', song.length)
const received = async ({ api }: Member, id: string) => (await api.findUpload(id)).received

/** Sends parts as often as it takes, as every client must; gives how often that was. */
async function insist({ api }: Member, id: string, parts: readonly number[]): Promise<number> {
  let sent = 0
  for (const part of parts)
    for (let status = 0; status !== 200; sent++) {
      const answer = await api.putPart(id, part, slice(part), { 'x-part-crc32': hex(crc32(slice(part))) })
      await answer.arrayBuffer()
      status = answer.status
      expect([200, 503]).toContain(status)
    }
  return sent
}

async function complete({ api }: Member, id: string): Promise<void> {
  for (let status = 0; status !== 200;) {
    const answer = await api.complete(id, { crc32: hex(crc32(song)) })
    status = answer.status
    if (![200, 503].includes(status)) throw new Error(await answer.text())
  }
}

test('a process that is killed loses the parts on their way, and another one goes on with the rest', async ({
  fleet,
}) => {
  const [one, two, three] = fleet.members
  const { id } = await create(one)
  await insist(two, id, [1, 6])
  const url = (part: number) => `${one.url}/api/uploads/${id}/parts/${part}`
  const held = [2, 3, 4].map((part) => holdPart({ url: url(part), bytes: slice(part) }))
  await one.kill('SIGKILL')
  for (const part of held) await expect(part.answered).rejects.toThrow()
  expect(await received(three, id)).toBe('1,6')
  expect(await insist(three, id, [2, 3, 4, 5])).toBe(4)
  await complete(two, id)
  expect((await two.api.findUpload(id)).media?.durationMs).toBe(155_000)
  await one.restart()
})

const isPart = ({ method, path: at }: StoreCall) => method === 'PUT' && at.includes('partNumber=')
const isJoin = ({ method, path: at }: StoreCall) => method === 'POST' && /[?&]uploadId=/.test(at)

/** The first of these calls and no other one. */
function firstOf(isMeant: (call: StoreCall) => boolean): (call: StoreCall) => boolean {
  let seen = 0
  return (call) => isMeant(call) && seen++ === 0
}

const troubles: [string, 's3' | 'dynamodb', Fault][] = [
  ['S3 refuses a third of the parts', 's3', { kind: 'throttle', only: isPart, share: 0.34 }],
  ['S3 breaks off a third of the parts', 's3', { kind: 'reset', only: isPart, share: 0.34 }],
  [
    'a third of the answers of S3 to parts is lost',
    's3',
    { kind: 'apply-then-drop', only: isPart, share: 0.34 },
  ],
  ['the first answer to the joining is lost', 's3', { kind: 'apply-then-drop', only: firstOf(isJoin) }],
  ['a third of the answers of DynamoDB is lost', 'dynamodb', { kind: 'apply-then-drop', share: 0.34 }],
  ['DynamoDB refuses a third of all calls', 'dynamodb', { kind: 'error', share: 0.34 }],
]

for (const [what, store, fault] of troubles)
  test(`${what}: the file arrives whole, and nothing counts twice`, async ({ fleet }) => {
    const [one, two] = fleet.members
    const { id } = await create(one)
    const line = fleet[store]
    const before = line.struck()
    line.set(fault)
    await insist(one, id, [1, 2, 3])
    await insist(two, id, [4, 5, 6, 6])
    await complete(two, id)
    line.clear()
    expect(line.struck()).toBeGreaterThan(before)
    expect(await one.api.findUpload(id)).toMatchObject({ state: 'ready', bytesReceived: song.length })
  })

test('a process that is killed while it completes an upload leaves that to any other one', async ({
  fleet,
}) => {
  const [one, two, three] = fleet.members
  const { id } = await create(one)
  await insist(one, id, [1, 2, 3, 4, 5, 6])
  fleet.s3.set({ kind: 'hang', only: isJoin })
  const before = fleet.s3.struck()
  const lost = one.api.complete(id)
  lost.catch(() => undefined)
  await expect.poll(() => fleet.s3.struck()).toBeGreaterThan(before)
  await one.kill('SIGKILL')
  await expect(lost).rejects.toThrow()
  expect(await json<UploadView>(await two.api.call(`uploads/${id}`))).toMatchObject({ state: 'completing' })
  fleet.s3.clear()
  await Promise.all([complete(two, id), complete(three, id)])
  await one.restart()
})

test('parts that were joined by a process that never learnt of it are found joined by the next one', async ({
  fleet,
}) => {
  const [one, two] = fleet.members
  const { id } = await create(one)
  await insist(one, id, [1, 2, 3, 4, 5, 6])
  fleet.s3.set({ kind: 'apply-then-drop', only: isJoin })
  expect((await one.api.complete(id)).status).toBe(503)
  fleet.s3.clear()
  await complete(two, id)
  expect(await one.api.findUpload(id)).toMatchObject({ state: 'ready', bytesReceived: song.length })
})

test('a part that S3 has taken, and whose upload is cancelled before it is recorded, is answered 410', async ({
  fleet,
}) => {
  const [one, two] = fleet.members
  const { id } = await create(one)
  const before = fleet.dynamodb.struck()
  fleet.dynamodb.set({ kind: 'hang', only: ({ operation }) => operation === 'PutItem' })
  const sent = one.api.putPart(id, 1, slice(1))
  await expect.poll(() => fleet.dynamodb.struck()).toBeGreaterThan(before)
  expect((await two.api.call(`uploads/${id}`, { method: 'DELETE' })).status).toBe(204)
  fleet.dynamodb.clear()
  expect((await sent).status).toBe(410)
})

test('a creation whose answer is lost makes one upload, on whichever process it is repeated', async ({
  fleet,
}) => {
  const headers = { 'idempotency-key': randomUUID() }
  const ask = ({ api }: Member) => api.post('uploads', { name: 'one.wav', size: 1 }, headers)
  const [one, two] = fleet.members
  const [first, second] = await Promise.all([ask(one), ask(two)])
  expect((await json<UploadView>(first, 201)).id).toBe((await json<UploadView>(second, 201)).id)
})

test('while DynamoDB is away, progress is told as it was last known, by those who know it', async ({
  fleet,
}) => {
  const [one, two] = fleet.members
  const { id } = await create(one)
  await insist(one, id, [1, 2])
  expect(await one.api.uploadProgress(id)).toMatchObject({ partsReceived: 2, stale: false })
  await fleet.dynamodb.refuse()
  const asked = ({ api }: Member) => api.call(`upload-progress?uploadId=${id}`)
  await expect
    .poll(async () => (await json<UploadProgressView>(await asked(one))).stale, { timeout: 10_000 })
    .toBe(true)
  expect(await json(await asked(one))).toMatchObject({ partsReceived: 2, bytesReceived: 2 * PART })
  const unknown = await asked(two)
  expect([unknown.status, Number(unknown.headers.get('retry-after')) > 0]).toEqual([503, true])
  await fleet.dynamodb.restore()
  await insist(one, id, [3])
  await expect.poll(async () => (await one.api.uploadProgress(id)).stale, { timeout: 10_000 }).toBe(false)
})
