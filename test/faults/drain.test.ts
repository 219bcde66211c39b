import { expect } from 'vitest'
import { auditAndSweep, jobRow } from '../support/audit.ts'
import { test } from '../support/with-fleet.ts'

test('a process that is asked to stop hands its job over at once, and the job fails in nobody’s eyes', async ({
  fleet,
  visitor,
}) => {
  const [stopping] = fleet.members
  const id = await visitor.convert(await fleet.upload(32), 'opus', stopping)
  await visitor.saw(id, ({ phase, progress }) => phase === 'converting' && progress > 20)
  expect(fleet.runnerOf(id)).toBe(stopping)

  await stopping.kill('SIGTERM')
  expect(stopping.exitCode()).toBe(0) // it is 1 when the time a stop may take is over
  await visitor.saw(id, ({ state }) => state !== 'queued' && fleet.runnerOf(id) !== stopping)

  await visitor.sawAllEnd()
  const givenBack = { attempt: 2, spared: 1, crashes: 0 } // not taken from a silent process
  expect(await jobRow(fleet.stores, id)).toMatchObject({ state: 'done', ...givenBack })
  expect(await auditAndSweep(fleet, visitor)).toEqual([])
  const states = visitor.answers.flatMap(({ view }) => (view ? [view.state] : []))
  expect(new Set(states)).not.toContain('failed')
})
