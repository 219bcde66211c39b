import { expect, test } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import { silentLog } from '../kernel/log.ts'
import { silentMeter } from '../kernel/meter.ts'
import { noTracing } from '../kernel/tracing.ts'
import { heartbeatTiming, OwnPage } from '../progress/index.ts'
import { Execution, type ExecutionParts } from './execution.ts'
import type { LeasedJob } from './job.ts'

const job = { jobId: 'j', fence: 1, attempt: 1, spared: 0, format: 'mp3', owner: 'w' } as LeasedJob
const outcome = { key: 'results/j/1.mp3', sizeBytes: 1, durationMs: 1, warnings: [], changes: [], log: '' }

function parts(settle: () => Promise<'settled' | 'lost'>): ExecutionParts {
  const repository = { write: () => Promise.resolve([]) }
  return {
    jobs: { settle },
    results: { putText: () => Promise.resolve(), findReceipt: () => Promise.resolve(undefined) },
    page: new OwnPage({
      repository,
      workerId: 'w',
      clock: systemClock,
      log: silentLog,
      meter: silentMeter,
      timing: heartbeatTiming(30_000),
    }),
    run: () => Promise.resolve(outcome),
    ...{ clock: systemClock, log: silentLog, meter: silentMeter, tracing: noTracing },
    ...{ random: Math.random, retentionMs: 1000 },
  }
}

test('a job stays on the page of its process until its end is committed: without its line the lease would look dead', async () => {
  const { promise, resolve } = Promise.withResolvers<'settled'>()
  const asked = Promise.withResolvers<undefined>()
  const all = parts(() => {
    asked.resolve(undefined)
    return promise
  })
  const running = new Execution(all, job).run()
  await asked.promise
  expect(all.page.snapshotOf('j')).toBeDefined()
  resolve('settled')
  await running
  expect(all.page.snapshotOf('j')).toBeUndefined()
})

test('a commit that another lease forbids is counted as such, and not as the end of the job', async () => {
  const told: string[] = []
  const meter = {
    ...silentMeter,
    commitFenced: () => told.push('fenced'),
    jobEnded: (state: string) => told.push(state),
    attemptEnded: (how: string) => told.push(`attempt ${how}`),
  }
  await new Execution({ ...parts(() => Promise.resolve('lost')), meter }, job).run()
  expect(told).toEqual(['attempt lost', 'fenced'])
})
