import { expect } from 'vitest'
import { auditAndSweep, jobRow } from '../support/audit.ts'
import { test } from '../support/with-fleet.ts'

test('a job that was cancelled before or after its process died ends cancelled, never done', async ({
  fleet,
  visitor,
}) => {
  const [first, second, other] = fleet.members
  const uploadId = await fleet.upload(40)
  const early = await visitor.convert(uploadId, 'opus', first)
  const late = await visitor.convert(uploadId, 'opus', second)
  for (const id of [early, late]) await visitor.saw(id, ({ phase }) => phase === 'converting')
  expect([early, late].map((id) => fleet.runnerOf(id))).toEqual([first, second])

  first.stop() // so that it cannot hear of it before it dies
  expect(await visitor.cancel(early, other)).toBe(true)
  await first.kill('SIGKILL')
  await second.kill('SIGKILL')
  expect(await visitor.cancel(late, other)).toBe(true)
  await Promise.all([first.restart(), second.restart()])

  await visitor.sawAllEnd()
  for (const id of [early, late]) expect(await jobRow(fleet.stores, id)).toMatchObject({ state: 'cancelled' })
  expect(await auditAndSweep(fleet, visitor)).toEqual([])
})

test('a job that is cancelled while its process is handing it over ends cancelled', async ({
  fleet,
  visitor,
}) => {
  const [leaving, , other] = fleet.members
  const id = await visitor.convert(await fleet.upload(40), 'opus', leaving)
  await visitor.saw(id, ({ phase }) => phase === 'converting')
  expect(fleet.runnerOf(id)).toBe(leaving)
  const gone = leaving.kill('SIGTERM')
  expect(await visitor.cancel(id, other)).toBe(true)
  await gone
  await visitor.sawAllEnd()
  expect(await jobRow(fleet.stores, id)).toMatchObject({ state: 'cancelled' })
  expect(await auditAndSweep(fleet, visitor)).toEqual([])
})
