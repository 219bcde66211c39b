import { setTimeout as delay } from 'node:timers/promises'
import { JobRepository } from '../src/conversions/index.ts'
import { newId } from '../src/kernel/ids.ts'
import { ProgressRepository } from '../src/progress/index.ts'
import type { SharedStores } from '../test/support/embedded.ts'
import { newJob } from '../test/support/jobs.ts'

const AT_ONCE = 50

/** So many jobs that wait. */
export async function makeJobs(jobs: JobRepository, count: number): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - ids.length) }, () =>
      jobs.add({ ...newJob(Date.now()), expiresAt: 1e15 }),
    )
    ids.push(...(await Promise.all(some)).map(({ jobId }) => jobId))
  }
  return ids
}

/** Running jobs on one page that moves every second, as a worker elsewhere would write it. */
export async function playWorker(stores: SharedStores, count: number) {
  const jobs = new JobRepository(stores.db, stores.prefix)
  const pages = new ProgressRepository(stores.db, stores.prefix)
  const owner = newId()
  const ids = await makeJobs(jobs, count)
  for (const jobId of ids) {
    const job = await jobs.find(jobId)
    if (job) await jobs.claim(job, { owner, nonce: newId(), now: Date.now() })
  }
  const stopping = new AbortController()
  const write = async () => {
    for (let sequence = 1; !stopping.signal.aborted; sequence++) {
      const at = Date.now()
      const line = { fence: 1, phase: 'converting' as const, percent: Math.min(sequence, 99), speed: 1 }
      const lines = ids.map((id) => [id, { ...line, etaMs: 4000, processedMs: sequence, at }] as const)
      await pages.write({ workerId: owner, sequence, jobs: Object.fromEntries(lines), at })
      await delay(1000, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const writing = write()
  return {
    ids,
    stop: () => {
      stopping.abort()
      return writing
    },
  }
}
