import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import type { ReadyView } from '../../src/contract/index.ts'
import { newId } from '../../src/kernel/ids.ts'
import { json, problem } from '../support/api.ts'
import { auditAndSweep, jobRow, soundOf, spentAttempts } from '../support/audit.ts'
import type { Fleet, Member } from '../support/fleet.ts'
import type { Visitor } from '../support/visitor.ts'
import { test } from '../support/with-fleet.ts'

let uploadId = ''
let short = ''

test.beforeAll(async ({ fleet }) => {
  uploadId = await fleet.upload(40)
  short = await fleet.upload(3)
})
test.afterEach(async ({ fleet }) => {
  await fleet.dynamodb.restore()
  await fleet.s3.restore()
})

type On = { fleet: Fleet; visitor: Visitor }

/** A conversion that has begun on the member it was asked for, and that everybody was asked about. */
async function begun({ fleet, visitor }: On, owner: Member, format: string): Promise<string> {
  const id = await visitor.convert(uploadId, format, owner)
  await visitor.saw(id, ({ phase, progress }) => phase === 'converting' && progress > 10)
  expect(fleet.runnerOf(id)).toBe(owner)
  for (const { api } of fleet.members) await api.progress(id)
  return id
}

/** The refusal of what cannot be served now. */
async function expectUnavailable(response: Response): Promise<void> {
  expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await problem(response)).toMatchObject({ httpStatus: 503, code: 'store-unavailable' })
}

/** What every member promises while DynamoDB is away; `owner` runs the job `id`. */
async function expectDegraded({ fleet }: On, id: string, owner: Member): Promise<void> {
  for (const member of fleet.members) {
    const { api } = member
    expect((await api.call('health/live')).status).toBe(200)
    for (;;) {
      const { status, degraded } = await json<ReadyView>(await api.call('health/ready'))
      expect(status === 'degraded').toBe(degraded.length > 0)
      if (degraded.includes('state')) break
      await delay(100) // an answer from before the outage is given for some seconds
    }
    await expectUnavailable(await api.call(`progress?jobId=${newId()}`))
    await expectUnavailable(await api.post('jobs', { uploadId, format: 'opus' }))
    await expectUnavailable(await api.post('uploads', { name: 'song.wav', size: 1 }))
    if (member === owner) expect(await api.progress(id)).toMatchObject({ state: 'running', stale: false })
    else await api.follow(id, ({ state, stale }) => state === 'running' && stale)
  }
}

/** The end of a job that was not given away: one lease, one attempt, one result. */
async function expectUndisturbed(
  { fleet, visitor }: On,
  id: string,
  owner: Member,
  extension: string,
): Promise<void> {
  await visitor.saw(id, ({ state }) => state === 'done')
  const key = `results/${id}/1.${extension}`
  expect(await jobRow(fleet.stores, id)).toMatchObject({ state: 'done', attempt: 1, result: { key } })
  expect(await soundOf(fleet.stores, id)).toEqual([key])
  expect(owner.leases(id)).toEqual([1])
}

test('a conversion goes on to its end while DynamoDB is away, and everybody is told the truth meanwhile', async ({
  fleet,
  visitor,
}) => {
  const on = { fleet, visitor }
  const [owner] = fleet.members
  const id = await begun(on, owner, 'wav')
  await fleet.dynamodb.refuse()
  await expectDegraded(on, id, owner)
  while ((await soundOf(fleet.stores, id)).length === 0) await delay(100)
  await fleet.dynamodb.restore()

  await expectUndisturbed(on, id, owner, 'wav')
  await visitor.convert(short)
  await visitor.sawAllEnd()
  expect(await auditAndSweep(fleet, visitor)).toEqual([])
})

test('a conversion whose result cannot be stored while S3 is away is done afterwards, and new jobs are taken in', async ({
  fleet,
  visitor,
}) => {
  const on = { fleet, visitor }
  const [, owner, other] = fleet.members
  const id = await begun(on, owner, 'wav')
  await fleet.s3.refuse()
  const meanwhile = await visitor.convert(short, 'opus', other)
  await visitor.saw(id, ({ phase }) => phase !== 'converting')
  await expectUnavailable(await other.api.post('uploads', { name: 'song.wav', size: 1 }))
  await fleet.s3.restore()

  await expectUndisturbed(on, id, owner, 'wav')
  await visitor.saw(meanwhile, ({ state }) => state === 'done')
  const row = await jobRow(fleet.stores, meanwhile)
  expect(row && spentAttempts(row)).toBe(1)
  expect(await auditAndSweep(fleet, visitor)).toEqual([])
})

test('a conversion survives that no name can be resolved for some seconds', async ({ fleet, visitor }) => {
  const on = { fleet, visitor }
  const [, , owner] = fleet.members
  const id = await begun(on, owner, 'opus')
  await fleet.loseNames()
  await expectDegraded(on, id, owner)
  await fleet.findNames()

  await expectUndisturbed(on, id, owner, 'opus')
  await visitor.convert(short)
  await visitor.sawAllEnd()
  expect(await auditAndSweep(fleet, visitor)).toEqual([])
})
