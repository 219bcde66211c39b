import { expect } from 'vitest'
import { auditAndSweep, jobRow } from '../support/audit.ts'
import { test } from '../support/with-fleet.ts'

/** Half of what it takes until a silent process counts as dead: whoever is faster was told. */
const AT_ONCE_MS = 15_000
test('a process that is asked to stop hands its job over at once, and the job fails in nobody’s eyes', async ({
  fleet,
  visitor,
}) => {
  const [stopping] = fleet.members
  const id = await visitor.convert(await fleet.upload(60), 'opus', stopping)
  await visitor.saw(id, ({ phase, progress }) => phase === 'converting' && progress > 20)
  expect(fleet.runnerOf(id)).toBe(stopping)

  const askedAt = Date.now()
  await stopping.kill('SIGTERM')
  expect(Date.now() - askedAt).toBeLessThan(AT_ONCE_MS)
  expect(stopping.exitCode()).toBe(0)
  await visitor.saw(id, ({ state }) => state !== 'queued' && fleet.runnerOf(id) !== stopping)
  expect(Date.now() - askedAt).toBeLessThan(AT_ONCE_MS)

  await visitor.sawAllEnd()
  expect(await jobRow(fleet.stores, id)).toMatchObject({ state: 'done', attempt: 2, spared: 1 })
  expect(await auditAndSweep(fleet, visitor)).toEqual([])
  const states = visitor.answers.flatMap(({ view }) => (view ? [view.state] : []))
  expect(new Set(states)).not.toContain('failed')
})
