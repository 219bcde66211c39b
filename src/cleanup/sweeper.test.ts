import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, settled, type FakeClock } from '../../test/support/fake-clock.ts'
import type { CleanupView } from '../contract/index.ts'
import { silentLog } from '../kernel/log.ts'
import { Sweeper, type SweeperParts } from './sweeper.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const REMOVED = { deletedObjects: 2, abortedUploads: 1, freedBytes: 10 }

/** What one feature has to expire, and what happens when that is asked of it. */
type Stand = { expired: string[]; orphans: string[]; away: boolean; broken: Set<string> }

let clock: FakeClock
let jobs: Stand
let uploads: Stand
/** What was done, in order. */
let done: string[]
let warned: object[]
let swept: CleanupView[]
let logged: unknown[]
let keep: () => Promise<void>
let sweeper: Sweeper

const newStand = (): Stand => ({ expired: [], orphans: [], away: false, broken: new Set() })

beforeEach(() => {
  clock = createFakeClock()
  jobs = newStand()
  uploads = newStand()
  done = []
  warned = []
  swept = []
  logged = []
  keep = () => Promise.resolve(void done.push('keep sources'))
  sweeper = new Sweeper({
    jobs: roomOf('job', jobs),
    uploads: roomOf('upload', uploads),
    keeper: { keep: () => keep() },
    clock,
    log: {
      ...silentLog,
      warn: (fields) => warned.push(fields),
      info: (fields, sentence) => logged.push([sentence, fields]),
    },
    onSwept: (report) => swept.push(report),
  })
})

function roomOf(name: string, stand: Stand): SweeperParts['jobs'] {
  const remove = (what: string, id: string) => {
    if (stand.broken.has(id)) return Promise.reject(new Error('broken'))
    done.push(`${what} ${name} ${id}`)
    return Promise.resolve(id.startsWith('late') ? undefined : REMOVED)
  }
  return {
    listExpired: (limit) => {
      done.push(`list ${limit} ${name}s`)
      return stand.away ? Promise.reject(new Error('away')) : Promise.resolve(stand.expired)
    },
    expire: (id) => remove('expire', id),
    removeOrphan: (id) => remove('remove', id) as Promise<typeof REMOVED>,
    async *listOrphans() {
      done.push(`list orphans of ${name}s`)
      yield* await Promise.resolve(stand.orphans)
    },
  }
}

const sweep = (orphans = false) => sweeper.sweep({ orphans })

describe('a sweep', () => {
  test('removes expired jobs, then uploads, after the sources of waiting jobs were kept', async () => {
    jobs.expired = ['1']
    uploads.expired = ['2', '3']
    await sweep()
    expect(done).toEqual([
      'list 500 jobs',
      'expire job 1',
      'keep sources',
      'list 500 uploads',
      'expire upload 2',
      'expire upload 3',
    ])
  })

  test('tells what it removed, and how long that took', async () => {
    jobs.expired = ['1']
    uploads.expired = ['2', '3']
    keep = () => clock.advance(30)
    const report = await sweep()
    expect(report).toEqual({
      expiredJobs: 1,
      expiredUploads: 2,
      orphans: 0,
      deletedObjects: 6,
      abortedUploads: 3,
      freedBytes: 30,
      failures: 0,
      durationMs: 30,
    })
    expect(swept).toEqual([report])
  })

  test('does not count what somebody else has removed', async () => {
    jobs.expired = ['late']
    expect(await sweep()).toMatchObject({ expiredJobs: 0, deletedObjects: 0 })
  })

  test('looks for orphans only when it is asked to', async () => {
    jobs.orphans = ['1']
    uploads.orphans = ['2']
    expect(await sweep()).toMatchObject({ orphans: 0 })
    expect(await sweep(true)).toMatchObject({ orphans: 2, expiredJobs: 0, deletedObjects: 4 })
    expect(done).toContain('remove job 1')
    expect(done).toContain('remove upload 2')
  })
})

describe('a failure', () => {
  test('of one removal stops no other, and is told', async () => {
    jobs.expired = ['1', '2']
    jobs.broken.add('1')
    expect(await sweep()).toMatchObject({ expiredJobs: 1, failures: 1 })
    expect(warned).toMatchObject([{ id: '1', kind: 'expired' }])
  })

  test('of one list stops nothing else', async () => {
    jobs.away = true
    jobs.orphans = ['1']
    uploads.expired = ['2']
    expect(await sweep(true)).toMatchObject({ failures: 1, orphans: 1, expiredUploads: 1 })
    expect(warned).toMatchObject([{ kind: 'expired' }])
  })

  test('to keep sources lets no upload expire', async () => {
    keep = () => Promise.reject(new Error('away'))
    uploads.expired = ['2']
    expect(await sweep()).toMatchObject({ failures: 1, expiredUploads: 0 })
    expect(done).not.toContain('list 500 uploads')
  })
})

describe('in the background', () => {
  test('it sweeps at once and every minute, and looks for orphans after an hour, then once a day', async () => {
    sweeper.start()
    await settled()
    expect(swept).toHaveLength(1)
    await clock.advance(MINUTE_MS)
    expect(swept).toHaveLength(2)
    await clock.advance(HOUR_MS - MINUTE_MS - 1)
    expect(done).not.toContain('list orphans of jobs')
    jobs.orphans = ['1']
    await clock.advance(1)
    expect(logged).toHaveLength(1)
    const times = () => done.filter((one) => one === 'list orphans of jobs').length
    expect(times()).toBe(1)
    await clock.advance(24 * HOUR_MS - 1)
    expect(times()).toBe(1)
    await clock.advance(1)
    expect(times()).toBe(2)
    await sweeper.stop()
  })

  test.each([
    ['a job', () => jobs.expired.push('1')],
    ['an upload', () => uploads.expired.push('1')],
    ['nothing, for it failed', () => (jobs.away = true)],
  ])('it logs a sweep that removed %s, and none that had nothing to do', async (_, prepare) => {
    sweeper.start()
    await settled()
    expect(logged).toEqual([])
    prepare()
    await clock.advance(MINUTE_MS)
    expect(logged).toEqual([['swept', swept[1]]])
    await sweeper.stop()
  })

  test('it ends between two removals when it is stopped', async () => {
    jobs.expired = ['1', '2']
    const { promise, resolve } = Promise.withResolvers<undefined>()
    keep = () => promise
    uploads.expired = ['3']
    uploads.orphans = ['4']
    sweeper.start()
    await settled()
    const stopped = sweeper.stop()
    resolve(undefined)
    await stopped
    expect(done.filter((one) => one.startsWith('expire'))).toEqual(['expire job 1', 'expire job 2'])
  })

  test('it looks for no more orphans when it is stopped', async () => {
    jobs.orphans = ['1']
    await sweeper.stop()
    await sweep(true)
    expect(done).not.toContain('remove job 1')
  })
})
