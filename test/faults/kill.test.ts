import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { auditAndSweep, jobRows } from '../support/audit.ts'
import type { Member } from '../support/fleet.ts'
import { test } from '../support/with-fleet.ts'

/** `kill -9`, and up again at once. */
async function crash(member: Member | undefined): Promise<void> {
  await member?.kill('SIGKILL')
  await member?.restart()
}

test('whichever process is killed at whichever moment, every accepted job ends done', async ({
  fleet,
  visitor,
}) => {
  const long = await fleet.upload(20)
  const short = await fleet.upload(3)
  const formats = ['opus', 'wav', 'flac', 'opus', 'mp3', 'opus', 'wav', 'opus']
  const jobs: string[] = []
  for (const [at, format] of formats.entries())
    jobs.push(await visitor.convert(at % 3 === 2 ? short : long, format))
  await crash(fleet.members[2]) // moments after it said yes

  const halfway = await Promise.any(jobs.map((id) => visitor.saw(id, ({ progress }) => progress > 40)))
  await crash(fleet.runnerOf(halfway.jobId))

  const last = await visitor.convert(long, 'opus')
  jobs.push(last)
  await visitor.saw(last, ({ state }) => state === 'running')
  await crash(fleet.runnerOf(last)) // as soon as it has begun

  const before = fleet.s3.struck()
  fleet.s3.set({ kind: 'hang', only: ({ method, path }) => method !== 'GET' && path.includes('/results/') })
  const stored = await Promise.any(jobs.map((id) => visitor.saw(id, ({ phase }) => phase === 'storing')))
  while (fleet.s3.struck() === before) await delay(50)
  await crash(fleet.runnerOf(stored.jobId)) // with its result on the way
  fleet.s3.clear()
  fleet.s3.cut()
  jobs.push(await visitor.convert(long), await visitor.convert(short))
  await visitor.sawAllEnd()

  expect(await auditAndSweep(fleet, visitor)).toEqual([])
  const rows = await jobRows(fleet.stores)
  expect(rows.map(({ state }) => state)).toEqual(jobs.map(() => 'done'))
})
