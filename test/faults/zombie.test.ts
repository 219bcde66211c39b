import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { auditAndSweep, jobRow } from '../support/audit.ts'
import type { Member } from '../support/fleet.ts'
import { test } from '../support/with-fleet.ts'

/** Resolves when a member has no work folder any more: whatever it was doing, it is done with it. */
async function atRest({ dataDir }: Member): Promise<void> {
  const tmp = path.join(dataDir, 'tmp')
  for (;;) {
    const folders = await Promise.all((await readdir(tmp)).map((own) => readdir(path.join(tmp, own))))
    if (folders.flat().length === 0) return
    await delay(100)
  }
}

test('a process that slept through its lease finds its job finished by another one, and changes nothing', async ({
  fleet,
  visitor,
}) => {
  const [zombie] = fleet.members
  const id = await visitor.convert(await fleet.upload(32), 'opus', zombie)
  await visitor.saw(id, ({ phase, progress }) => phase === 'converting' && progress > 20)
  expect(fleet.runnerOf(id)).toBe(zombie)
  zombie.stop()
  await visitor.saw(id, ({ state }) => state === 'done')
  const finished = await jobRow(fleet.stores, id)
  expect(fleet.runnerOf(id)).not.toBe(zombie)
  expect(finished).toMatchObject({ state: 'done', attempt: 2, result: { key: `results/${id}/2.opus` } })

  zombie.wake()
  await atRest(zombie)
  // The job itself is told exactly; progress without a tag may lie a moment behind what the visitor saw elsewhere.
  expect(await zombie.api.findJob(id)).toMatchObject({ state: 'done', progress: { progress: 100 } })
  await zombie.kill('SIGTERM') // what it still had under way is over then
  expect(await jobRow(fleet.stores, id)).toEqual(finished)
  expect(await auditAndSweep(fleet, visitor)).toEqual([])
})
