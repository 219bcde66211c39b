import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { thrownBy } from '../../test/support/thrown.ts'
import { newSession } from '../../test/support/uploads.ts'
import { newId } from '../kernel/ids.ts'
import { findLiving, firstExpiry, prolong, refusalOf, refuseClosed, refuseExpired } from './states.ts'
import type { Session } from './upload.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

describe('the life of an upload', () => {
  let clock: FakeClock
  let stores: MemoryStores

  beforeEach(() => {
    clock = createFakeClock()
    stores = new MemoryStores(clock)
  })

  async function begun(values: Partial<Session> = {}): Promise<Session> {
    const session = newSession(clock.now(), { expiresAt: firstExpiry(clock.now()), ...values })
    await stores.uploads.add(session)
    return session
  }
  const expiryOf = async ({ uploadId }: Session) => (await stores.uploads.findSession(uploadId))?.expiresAt

  test('is a day and an hour to begin with', () => {
    expect(firstExpiry(7)).toBe(7 + 25 * HOUR_MS)
  })

  test('is made longer only when less than a day is left, so that a part mostly costs no write', async () => {
    const session = await begun()
    await clock.advance(HOUR_MS)
    stores.takeCalls()
    await prolong(stores.uploads, session, clock.now())
    expect(stores.takeCalls()).toEqual([])
    await clock.advance(1)
    await prolong(stores.uploads, session, clock.now())
    expect(await expiryOf(session)).toBe(clock.now() + 25 * HOUR_MS)
  })

  test('ends six days after it began, however many parts still come', async () => {
    const session = await begun()
    const last = session.createdAt + 6 * DAY_MS
    await clock.advance(5 * DAY_MS)
    await prolong(stores.uploads, session, clock.now())
    expect(await expiryOf(session)).toBe(last)
    stores.takeCalls()
    await prolong(stores.uploads, { ...session, expiresAt: last }, clock.now() + HOUR_MS)
    expect(stores.takeCalls()).toEqual([])
  })

  test('is not made longer once the upload is complete', async () => {
    const session = await begun({ state: 'ready', expiresAt: clock.now() + 1 })
    await prolong(stores.uploads, session, clock.now())
    expect(await expiryOf(session)).toBe(clock.now() + 1)
  })

  test('is over at its last moment', async () => {
    const { uploadId, expiresAt } = await begun()
    expect(await findLiving(stores.uploads, uploadId, expiresAt - 1)).toMatchObject({ uploadId })
    await expect(findLiving(stores.uploads, uploadId, expiresAt)).rejects.toMatchObject({
      code: 'upload-expired',
      facts: { uploadId },
    })
  })

  test('is none where there is no upload, and what can be no id is not asked for', async () => {
    stores.takeCalls()
    await expect(findLiving(stores.uploads, 'nothing', 0)).rejects.toMatchObject({ code: 'upload-not-found' })
    expect(stores.takeCalls()).toEqual([])
    const uploadId = newId()
    await expect(findLiving(stores.uploads, uploadId, 0)).rejects.toMatchObject({
      code: 'upload-not-found',
      facts: { uploadId },
    })
  })
})

describe('a session', () => {
  const NOW = 1000
  const session = (state: Session['state'], values: Partial<Session> = {}) =>
    newSession(0, { state, expiresAt: NOW + 1, ...values })
  const refused = (one: Session) => thrownBy(() => refuseClosed(one, NOW))

  test.each(['creating', 'open'] as const)('that is %s takes parts', (state) => {
    expect(refused(session(state))).toBeUndefined()
  })

  test.each([
    ['completing', 'part-conflict'],
    ['ready', 'part-conflict'],
    ['aborting', 'upload-aborted'],
    ['aborted', 'upload-aborted'],
    ['deleting', 'upload-expired'],
    ['gone', 'upload-expired'],
  ] as const)('that is %s takes none: %s', (state, code) => {
    expect(refused(session(state))).toMatchObject({ code })
  })

  test('whose time is over is expired, whatever its state', () => {
    for (const state of ['open', 'ready', 'aborted'] as const)
      expect(refused(session(state, { expiresAt: NOW }))).toMatchObject({ code: 'upload-expired' })
  })

  test('that cleanup has is expired before its time', () => {
    for (const state of ['deleting', 'gone'] as const)
      expect(thrownBy(() => refuseExpired(session(state), NOW))).toMatchObject({ code: 'upload-expired' })
  })

  test('that was refused tells why', () => {
    const refusal = { code: 'too-long' as const, message: 'It is too long.' }
    expect(refused(session('failed', { refusal }))).toMatchObject(refusal)
  })

  test('that was refused for a reason nobody knows any more was cancelled', () => {
    expect(refusalOf(session('failed'))).toMatchObject({ code: 'upload-aborted' })
  })
})
