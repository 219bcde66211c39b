import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import type { JobView } from '../../src/contract/index.ts'
import { json, problem } from '../support/api.ts'
import { auditAndSweep, jobRows } from '../support/audit.ts'
import type { Fault } from '../support/fault-proxy.ts'
import { test } from '../support/with-fleet.ts'

/** Faults stay until so many calls met one. */
const STRUCK = 25
let long = ''
let short = ''

test.beforeAll(async ({ fleet }) => {
  long = await fleet.upload(16)
  short = await fleet.upload(3)
})
test.afterEach(({ fleet }) => fleet.dynamodb.clear())

test.for<Fault>([
  { kind: 'throttle', share: 1 / 3 },
  { kind: 'error', share: 1 / 2 },
  { kind: 'hang', share: 1 / 4 },
  { kind: 'reset', share: 1 / 2 },
  { kind: 'apply-then-drop', share: 1 / 2 },
])(
  'what is accepted and cancelled while DynamoDB meets "$kind" ends as it was promised',
  async (fault, { fleet, visitor }) => {
    await visitor.convert(long)
    const doomed = await visitor.convert(long)
    const before = fleet.dynamodb.struck()
    fleet.dynamodb.set(fault)
    await visitor.convert(short)
    await visitor.convert(short, 'flac')
    await visitor.cancel(doomed)
    while (fleet.dynamodb.struck() < before + STRUCK) await delay(100)
    fleet.dynamodb.clear()

    await visitor.sawAllEnd()
    expect(await auditAndSweep(fleet, visitor)).toEqual([])
    const rows = (await jobRows(fleet.stores)).filter(({ jobId }) => visitor.acknowledged.has(jobId))
    const ends = rows.map(({ jobId, state }) => (visitor.cancelled.has(jobId) ? 'as wished' : state))
    expect(ends.filter((end) => end !== 'as wished' && end !== 'done')).toEqual([])
  },
)

test('a request that is repeated after its answer was lost on the way from DynamoDB finds the job it had made', async ({
  fleet,
  visitor,
}) => {
  const uploadId = await fleet.upload(4)
  const [one, two] = fleet.members
  const ask = (member: typeof one) =>
    member.api.post('jobs', { uploadId, format: 'opus' }, { 'idempotency-key': key })
  const key = randomUUID()
  fleet.dynamodb.set({ kind: 'apply-then-drop', only: ({ operation }) => operation === 'PutItem' })
  const lost = await ask(one)
  expect(lost.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await problem(lost)).toMatchObject({ httpStatus: 503, code: 'store-unavailable' })
  fleet.dynamodb.clear()

  const made = (await jobRows(fleet.stores)).filter(({ source }) => source.uploadId === uploadId)
  expect(made).toHaveLength(1)
  for (const member of [one, two])
    expect((await json<JobView>(await ask(member), 202)).id).toBe(made[0]?.jobId)
  const id = made[0]?.jobId ?? ''
  visitor.acknowledged.add(id)
  await visitor.saw(id, ({ state }) => state === 'done')
  expect(await auditAndSweep(fleet, visitor)).toEqual([])
})
