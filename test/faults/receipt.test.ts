import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { auditAndSweep, jobRow, objects, soundOf } from '../support/audit.ts'
import { test } from '../support/with-fleet.ts'

// The one file in which a dead worker is waited for as long as in production.
test.override('heartbeatTimeoutSeconds', 30)

test('a result that its process could not report before it died is adopted, and not made again', async ({
  fleet,
  visitor,
}) => {
  const [worker] = fleet.members
  const id = await visitor.convert(await fleet.upload(32), 'opus', worker)
  await visitor.saw(id, ({ phase, progress }) => phase === 'converting' && progress > 20)
  expect(fleet.runnerOf(id)).toBe(worker)
  await fleet.dynamodb.refuse()
  const key = `results/${id}/1.opus`
  for (;;) {
    const keys = [...(await objects(fleet.stores, `results/${id}/`)).keys()]
    if (keys.includes(key) && keys.some((one) => one.endsWith('.receipt.json'))) break
    await delay(100)
  }
  await worker.kill('SIGKILL')
  await fleet.dynamodb.restore()

  await visitor.saw(id, ({ state }) => state === 'done')
  expect(await jobRow(fleet.stores, id)).toMatchObject({ state: 'done', result: { key } })
  expect(await soundOf(fleet.stores, id)).toEqual([key])
  expect(await auditAndSweep(fleet, visitor)).toEqual([])
})
