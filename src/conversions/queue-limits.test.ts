import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../../test/support/fake-clock.ts'
import { newId } from '../kernel/ids.ts'
import { newJob } from '../../test/support/jobs.ts'
import { QueueLimits } from './queue-limits.ts'
import { workKeys } from './work-index.ts'

const FULL = { code: 'queue-full' }

/** A queue with these jobs in the store; `reads` are how many jobs were asked for each time. */
function start({
  maxJobs = 3,
  maxJobsPerKey = undefined as number | undefined,
  waiting = [] as string[],
} = {}) {
  const clock = createFakeClock()
  const reads: number[] = []
  const state = { failing: false, waiting }
  const listOrders = (limit: number) => {
    reads.push(limit)
    if (state.failing) return Promise.reject(new Error('away'))
    const orders = state.waiting.map((jobId) => workKeys({ ...newJob(0), jobId }).workOrder ?? '')
    return Promise.resolve(orders.slice(0, limit))
  }
  const limits = new QueueLimits({ jobs: { listOrders }, clock, maxJobs, maxJobsPerKey })
  return { clock, limits, reads, state, admit: (owner?: string) => limits.admit(newId(owner), owner) }
}

const ids = (count: number, owner?: string) => Array.from({ length: count }, () => newId(owner))

describe('the queue of all', () => {
  test('takes jobs until as many wait as may', async () => {
    const { admit } = start({ waiting: ids(2) })
    await admit()
    await expect(admit()).rejects.toMatchObject({ ...FULL, facts: { most: 3 } })
  })

  test('counts what it has taken since it last looked', async () => {
    const { admit, reads } = start()
    for (let taken = 0; taken < 3; taken++) await admit()
    await expect(admit()).rejects.toMatchObject(FULL)
    expect(reads).toEqual([3])
  })

  test('counts no job that it refused', async () => {
    const { limits, admit } = start({ maxJobsPerKey: 1 })
    await admit('ann')
    await expect(admit('ann')).rejects.toMatchObject(FULL)
    await expect(admit('ann')).rejects.toMatchObject(FULL)
    await limits.admit(newId('bob'), 'bob')
    await limits.admit(newId('eve'), 'eve')
    await expect(admit('dan')).rejects.toMatchObject({ facts: { most: 3 } })
  })
})

describe('the jobs of one owner', () => {
  test('are counted apart from those of others', async () => {
    const { admit } = start({
      maxJobs: 10,
      maxJobsPerKey: 2,
      waiting: [...ids(3, 'bob'), ...ids(1, 'ann'), newId()],
    })
    await admit('ann')
    await expect(admit('ann')).rejects.toMatchObject({ ...FULL, facts: { most: 2 } })
    await admit('eve')
  })

  test('may be as many as those of all, where nothing else is said', async () => {
    const { admit } = start()
    for (let taken = 0; taken < 3; taken++) await admit('ann')
    await expect(admit('ann')).rejects.toThrow('The queue is full')
  })

  test('are not counted where nobody has a key', async () => {
    const { admit } = start({ maxJobs: 10, maxJobsPerKey: 1 })
    await admit()
    await admit()
  })

  test('are told apart from all in the message', async () => {
    const { admit } = start({ maxJobsPerKey: 0 })
    await expect(admit('ann')).rejects.toThrow('You have 0 jobs waiting')
  })
})

describe('the queue is looked at', () => {
  test('once a second while it is short, and by all at once', async () => {
    const { admit, clock, reads } = start({ maxJobs: 200, waiting: ids(100) })
    await Promise.all([admit(), admit()])
    await clock.advance(999)
    await admit()
    expect(reads).toHaveLength(1)
    await clock.advance(1)
    await admit()
    expect(reads).toHaveLength(2)
  })

  test('each five seconds while it is long, since that costs more', async () => {
    const { admit, clock, reads } = start({ maxJobs: 200, waiting: ids(101) })
    await admit()
    await clock.advance(4999)
    await admit()
    expect(reads).toHaveLength(1)
    await clock.advance(1)
    await admit()
    expect(reads).toHaveLength(2)
  })

  test('again, so that jobs which have begun make room', async () => {
    const { admit, clock, state } = start({ waiting: ids(3) })
    await expect(admit()).rejects.toMatchObject(FULL)
    state.waiting = ids(2)
    await clock.advance(1000)
    await admit()
  })

  test('again at once after it could not be, and a job is refused with that error meanwhile', async () => {
    const { admit, state, reads } = start()
    state.failing = true
    await expect(admit()).rejects.toThrow('away')
    state.failing = false
    await admit()
    expect(reads).toHaveLength(2)
  })
})
