import { describe, expect, test } from 'vitest'
import { newJob } from '../../test/support/jobs.ts'
import { StoreUnavailable } from '../aws/index.ts'
import { ConversionRefused, DiskFull } from './job-errors.ts'
import type { LeasedJob, Receipt } from './job.ts'
import { cancelled, done, failed, released, settlementFor } from './settlement.ts'

const NOW = 1_000_000
const CONTEXT = { now: NOW, percent: 42.5, retentionMs: 5000 }

const lease = (values: Partial<LeasedJob> = {}): LeasedJob => ({
  ...newJob(0),
  state: 'running',
  owner: 'w',
  attempt: 1,
  ...values,
})

describe('an attempt without a result', () => {
  const outage = (store: 'state' | 'objects') => new StoreUnavailable(store, new Error('away'))

  test.each([
    ['the table is away', outage('state')],
    ['the bucket is away', outage('objects')],
    ['the disk is full', new DiskFull()],
  ])('is given back and does not count where %s, however often that was', (_, error) => {
    const job = lease({ attempt: 9, spared: 2 })
    expect(settlementFor(job, error, CONTEXT)).toEqual({
      state: 'queued',
      spared: 3,
      readyAt: NOW + 10_000,
      updatedAt: NOW,
    })
  })

  test('ends the job at once where the job cannot succeed, with the reason', () => {
    const error = new ConversionRefused('source-gone', 'The source is gone.')
    expect(settlementFor(lease(), error, CONTEXT)).toEqual({
      state: 'failed',
      error: { code: 'source-gone', message: 'The source is gone.' },
      percent: 42.5,
      finishedAt: NOW,
      updatedAt: NOW,
      expiresAt: NOW + 5000,
    })
  })

  test('is made again after a pause that grows, where nobody foresaw the error', () => {
    const attempts = [1, 2].map((attempt) => settlementFor(lease({ attempt }), new Error('x'), CONTEXT))
    expect(attempts).toEqual([
      { state: 'queued', readyAt: NOW + 2000, updatedAt: NOW },
      { state: 'queued', readyAt: NOW + 4000, updatedAt: NOW },
    ])
  })

  test('is the last one when it is the third, and the error tells nothing of what went wrong inside', () => {
    const settlement = settlementFor(lease({ attempt: 3 }), new Error('secret'), CONTEXT)
    expect(settlement).toMatchObject({ state: 'failed', percent: 42.5, error: { code: 'internal-error' } })
    expect(settlement.error?.message).not.toContain('secret')
  })

  test('counts only if it was not spared', () => {
    const job = lease({ attempt: 4, spared: 2 })
    expect(settlementFor(job, new Error('x'), CONTEXT)).toMatchObject({
      state: 'queued',
      readyAt: NOW + 4000,
    })
    expect(settlementFor({ ...job, attempt: 5 }, new Error('x'), CONTEXT)).toMatchObject({ state: 'failed' })
  })
})

describe('the end of a job', () => {
  const receipt: Receipt = {
    result: { key: 'results/j/1.mp3', size: 7, durationMs: 1000 },
    warnings: [],
    changes: [{ what: 'codec', from: 'flac', to: 'mp3' }],
  }

  test('as done has the result, what changed, and no percent', () => {
    expect(done(receipt, CONTEXT)).toEqual({
      state: 'done',
      result: receipt.result,
      changes: receipt.changes,
      finishedAt: NOW,
      updatedAt: NOW,
      expiresAt: NOW + 5000,
    })
  })

  test('as done has warnings where there are any', () => {
    expect(done({ ...receipt, warnings: ['short'] }, CONTEXT).warnings).toEqual(['short'])
  })

  test('as cancelled says how far it had come', () => {
    expect(cancelled(CONTEXT)).toEqual({
      state: 'cancelled',
      percent: 42.5,
      finishedAt: NOW,
      updatedAt: NOW,
      expiresAt: NOW + 5000,
    })
  })

  test('as failed says why', () => {
    expect(failed(CONTEXT, 'worker-died', 'It died.')).toMatchObject({
      state: 'failed',
      error: { code: 'worker-died', message: 'It died.' },
    })
  })
})

test('a job that is given back may be claimed after the pause, and has an attempt spared', () => {
  expect(released(lease({ spared: 0 }), NOW, 0)).toEqual({
    state: 'queued',
    spared: 1,
    readyAt: NOW,
    updatedAt: NOW,
  })
  expect(released(lease({ spared: 4 }), NOW, 700)).toMatchObject({ spared: 5, readyAt: NOW + 700 })
})
