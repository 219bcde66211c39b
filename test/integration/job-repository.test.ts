import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JobRepository } from '../../src/conversions/index.ts'
import type { Job, LeasedJob } from '../../src/conversions/job.ts'
import { newId } from '../../src/kernel/ids.ts'
import { makeTables, startStores, type SharedStores } from '../support/embedded.ts'
import { newJob } from '../support/jobs.ts'

let stores: SharedStores
let jobs: JobRepository

beforeAll(async () => {
  stores = await startStores()
  await makeTables(stores, stores.prefix)
  jobs = new JobRepository(stores.db, stores.prefix)
})
afterAll(() => stores[Symbol.asyncDispose]())

type End = 'done' | 'failed' | 'queued' | 'cancelled'

/** What a job must be after each command; plain sums, no database. */
type Model = {
  state: Job['state']
  fence: number
  attempt: number
  owner: string | undefined
  cancelAsked: boolean
}
/** The job in the table, and every lease of it that somebody ever held, as zombies would still hold them. */
type Real = { jobId: string; leases: LeasedJob[]; now: number }
type Command = fc.AsyncCommand<Model, Real>

const read = async ({ jobId }: Real): Promise<Job> => {
  const job = await jobs.find(jobId)
  if (!job) throw new Error('The job is gone.')
  return job
}

/** A command that can always be given; it moves time on and then looks whether row and index are as the model has them. */
const command = (name: string, act: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  async run(model, real) {
    real.now += 1000
    await act(model, real)
    await compare(model, real)
  },
  toString: () => name,
})

async function compare(model: Model, real: Real): Promise<void> {
  const { state, fence, attempt, owner, cancelRequestedAt } = await read(real)
  const stored = { state, fence, attempt, owner, cancelAsked: cancelRequestedAt !== undefined }
  expect(stored).toEqual(model)
  const has = (ids: string[]) => ids.includes(real.jobId)
  const places = async () => {
    const [queued, running, expiring] = await Promise.all([
      jobs.listQueued(1000, real.now),
      jobs.listRunning(),
      jobs.listExpired(Number.MAX_SAFE_INTEGER, 1000),
    ])
    const held = running.map(({ jobId }) => jobId)
    return { queued: has(queued), running: has(held), expiring: has(expiring) }
  }
  // Indexes may lag behind their table.
  await expect.poll(places, { timeout: 10_000 }).toEqual({
    queued: model.state === 'queued',
    running: model.state === 'running',
    expiring: !['queued', 'running'].includes(model.state),
  })
}

const claim = (owner: string) =>
  command(`claim by ${owner}`, async (model, real) => {
    const lease = await jobs.claim(await read(real), { owner, nonce: newId(), now: real.now })
    expect(lease !== undefined).toBe(model.state === 'queued')
    if (!lease) return
    real.leases.push(lease)
    Object.assign(model, { state: 'running', fence: model.fence + 1, attempt: model.attempt + 1, owner })
  })

const settle = (which: number, end: End) =>
  command(`lease ${which} ends ${end}`, async (model, real) => {
    const lease = real.leases[which % Math.max(1, real.leases.length)]
    if (!lease) return
    const outcome = await jobs.settle(lease, { state: end, readyAt: real.now, updatedAt: real.now })
    const held = model.state === 'running' && model.fence === lease.fence
    const refused = model.cancelAsked && end !== 'cancelled'
    expect(outcome).toBe(!held ? 'lost' : refused ? 'cancel-asked' : 'settled')
    if (outcome === 'settled') Object.assign(model, { state: end, owner: undefined })
  })

const cancel = command('cancel', async (model, real) => {
  const job = await read(real)
  const waits = await jobs.cancelQueued(job, real.now, real.now)
  expect(waits !== undefined).toBe(model.state === 'queued')
  if (waits) model.state = 'cancelled'
  const asked = await jobs.requestCancel(job, real.now)
  expect(asked !== undefined).toBe(model.state === 'running')
  if (asked) model.cancelAsked = true
})

const retry = command('retry', async (model, real) => {
  if (model.state !== 'failed' && model.state !== 'cancelled') return
  expect(await jobs.requeue(await read(real), real.now, real.now)).toBeDefined()
  Object.assign(model, { state: 'queued', fence: model.fence + 1, cancelAsked: false })
})

test('whatever workers, zombies and people do, row and index are what the rules of leases say', async () => {
  const commands = fc.commands(
    [
      fc.constantFrom('a', 'b').map(claim),
      fc
        .tuple(fc.nat(5), fc.constantFrom<End>('queued', 'queued', 'done', 'failed', 'cancelled'))
        .map(([which, end]) => settle(which, end)),
      fc.constant(cancel),
      fc.constant(retry),
    ],
    { maxCommands: 30, size: 'max' },
  )
  await fc.assert(
    fc.asyncProperty(commands, async (all) => {
      const now = 1_800_000_000_000
      const { jobId } = await jobs.add(newJob(now))
      const setup = () => ({
        model: { state: 'queued' as const, fence: 0, attempt: 0, owner: undefined, cancelAsked: false },
        real: { jobId, leases: [], now },
      })
      await fc.asyncModelRun(setup, all)
    }),
    { numRuns: 100 },
  )
})
