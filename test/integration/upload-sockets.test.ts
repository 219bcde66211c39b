import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MiB, SECOND_MS } from '../../src/kernel/units.ts'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { holdPart, type Answered, type HeldPart } from '../support/held-part.ts'
import { startService, type TurnedService } from '../support/service.ts'
import { contentsOf } from '../support/stores.ts'
import { wavHeader } from '../support/wav.ts'

const PART = 5 * MiB
const bytes = randomBytes(PART)

let running: TurnedService
let api: Api
let held: HeldPart[]
beforeEach(async () => {
  running = await startService({ PART_SIZE_MIB: '5', TRUSTED_PROXIES: '127.0.0.9' })
  api = createApi(running.url)
  held = []
})
afterEach(async () => {
  for (const part of held) part.abandon()
  await running[Symbol.asyncDispose]()
})

const create = async (partCount = 6) => (await api.createUpload('noise.wav', partCount * PART)).id
const urlOf = (id: string, part: number) => `${running.url}/api/uploads/${id}/parts/${part}`

function hold(id: string, part: number, from?: string, headers?: Record<string, string>): HeldPart {
  const one = holdPart({ url: urlOf(id, part), bytes, ...(from && { from }), ...(headers && { headers }) })
  held.push(one)
  return one
}

const six = [1, 2, 3, 4, 5, 6]

/** The first answer to any of the held parts: the others are still awaited. */
const firstAnswer = (some: readonly HeldPart[]): Promise<Answered> =>
  Promise.race(some.map(({ answered }) => answered))

const busy = { status: 503, body: { code: 'upload-busy' } }

test('more than six parts of one upload at once are sent back before their bytes are read', async () => {
  const id = await create(7)
  const answer = await firstAnswer([...six, 7].map((part) => hold(id, part)))
  expect(answer).toMatchObject(busy)
  expect(Number(answer.retryAfter)).toBeGreaterThan(0)
})

test('one client cannot take all places, and all clients together not more than there are', async () => {
  const [one, two, three, four, five] = await Promise.all(Array.from({ length: 5 }, () => create()))
  const ofOne = [one, two, three].flatMap((id = '') => six.map((part) => hold(id, part)))
  expect(await firstAnswer([...ofOne, hold(four ?? '', 1)])).toMatchObject(busy)
  const ofOther = six.map((part) => hold(four ?? '', part, '127.0.0.2'))
  expect(await firstAnswer([...ofOther, hold(five ?? '', 1, '127.0.0.3')])).toMatchObject(busy)
  for (const part of held) part.abandon()
  await expect.poll(async () => (await api.putPart(five ?? '', 2, bytes)).status).toBe(200)
})

test('behind a proxy that is trusted, clients are told apart by what it says', async () => {
  const behind = (address: string) => ['127.0.0.9', { 'x-forwarded-for': address }] as const
  const [one, two, three, four] = await Promise.all(Array.from({ length: 4 }, () => create()))
  const ofOne = [one, two, three].flatMap((id = '') =>
    six.map((part) => hold(id, part, ...behind('192.0.2.1'))),
  )
  expect(await firstAnswer([...ofOne, hold(four ?? '', 1, ...behind('192.0.2.1'))])).toMatchObject(busy)
  expect(await hold(four ?? '', 2, ...behind('192.0.2.2')).finish()).toMatchObject({ status: 200 })
})

test('a sender that falls silent is told so, nothing of its part is stored, and it can send it again', async () => {
  const id = await create(1)
  const before = await contentsOf(running.stores)
  const part = hold(id, 1)
  let answer: Answered | undefined
  part.answered.then(
    (one) => (answer = one),
    () => undefined,
  )
  await expect
    .poll(() => {
      running.turn(21 * SECOND_MS)
      running.wake()
      return answer
    })
    .toMatchObject({ status: 408, body: { code: 'part-stalled' } })
  expect(await api.findUpload(id)).toMatchObject({ received: '', state: 'open' })
  expect(await contentsOf(running.stores)).toEqual(before)
  await json(await api.putPart(id, 1, bytes))
})

test('a part on its way when its upload is cancelled is answered 410 and leaves nothing in S3', async () => {
  const id = await create(2)
  await json(await api.putPart(id, 1, bytes))
  const part = hold(id, 2)
  expect((await api.call(`uploads/${id}`, { method: 'DELETE' })).status).toBe(204)
  expect(await part.finish()).toMatchObject({ status: 410, body: { code: 'upload-aborted' } })
  expect(await contentsOf(running.stores)).toEqual({ keys: [], multipartIds: [] })
})

test.each([1, 2, 3, 4, 5])(
  'cancel and parts at the same moment, time %i: nothing is left in S3',
  async () => {
    const id = await create()
    const sent = six.map((part) => api.putPart(id, part, bytes))
    await Promise.race(sent)
    const cancelled = api.call(`uploads/${id}`, { method: 'DELETE' })
    const answers = await Promise.all([...sent, cancelled])
    for (const answer of answers) expect([200, 204, 410]).toContain(answer.status)
    expect(await problem(await api.putPart(id, 1, bytes))).toMatchObject({ httpStatus: 410 })
    expect(await contentsOf(running.stores)).toEqual({ keys: [], multipartIds: [] })
  },
)

test.each([0, 5, 20, 60, 150, 300])(
  'cancel %i turns of the event loop after completing began: one of them wins, and nothing is left in S3',
  async (turns) => {
    const size = PART + 1
    const song = Buffer.concat([wavHeader(size), Buffer.alloc(size - wavHeader(size).length)])
    const { id } = await api.createUpload('song.wav', size)
    await json(await api.putPart(id, 1, song.subarray(0, PART)))
    await json(await api.putPart(id, 2, song.subarray(PART)))
    const completed = api.complete(id)
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect((await api.call(`uploads/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect([200, 410]).toContain((await completed).status)
    expect((await api.findUpload(id)).state).toBe('aborted')
    expect(await problem(await api.complete(id))).toMatchObject({ httpStatus: 410, code: 'upload-aborted' })
    expect(await contentsOf(running.stores)).toEqual({ keys: [], multipartIds: [] })
  },
)

test('two senders of different bytes for one part: one wins, the other is told, and no mixture is joined', async () => {
  const id = await create(1)
  const other = randomBytes(PART)
  const [one, two] = [hold(id, 1), holdPart({ url: urlOf(id, 1), bytes: other })]
  held.push(two)
  const answers = await Promise.all([one.finish(), two.finish()])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  const loser = answers.find(({ status }) => status === 409)
  expect(loser?.body.code).toBe('part-conflict')
  // S3 may hold the bytes of the loser: completing then asks for the part again.
  const completed = await api.complete(id)
  if (completed.status === 409) {
    expect(await problem(completed)).toMatchObject({ code: 'parts-missing', missing: '1' })
    await json(await api.putPart(id, 1, answers[0].status === 200 ? bytes : other))
    expect(await problem(await api.complete(id))).toMatchObject({ code: 'not-audio' })
  } else expect(await problem(completed)).toMatchObject({ code: 'not-audio' })
})
