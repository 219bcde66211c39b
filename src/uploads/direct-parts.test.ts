import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, settled, type FakeClock } from '../../test/support/fake-clock.ts'
import { MemorySourceStore } from '../../test/support/memory-source-store.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { newSession } from '../../test/support/uploads.ts'
import { silentLog } from '../kernel/log.ts'
import { DirectParts } from './direct-parts.ts'
import type { Session, StoredPart } from './upload.ts'

const HOUR_MS = 3_600_000
const TEN = Buffer.from('0123456789')

let clock: FakeClock
let stores: MemoryStores
let s3: MemorySourceStore
let direct: DirectParts
/** After which part each list of S3 began. */
let listed: number[]
let told: unknown[]

beforeEach(() => {
  clock = createFakeClock()
  stores = new MemoryStores(clock)
  s3 = new MemorySourceStore(clock)
  listed = []
  told = []
  const listParts: MemorySourceStore['listParts'] = (uploadId, multipartId, after) => {
    listed.push(after ?? 0)
    return s3.listParts(uploadId, multipartId, after)
  }
  const write = (_: object, sentence: string) => told.push(sentence)
  const log = { ...silentLog, warn: write, debug: write }
  const store = { listParts }
  direct = new DirectParts({ repository: stores.uploads, partRepository: stores.parts, store, clock, log })
})

async function opened(values: Partial<Session> = {}): Promise<Session> {
  const session = newSession(clock.now(), { transport: 'direct', ...values })
  const multipartId = await s3.begin(session.uploadId, session)
  await stores.uploads.add({ ...session, multipartId })
  return { ...session, multipartId, ...('multipartId' in values && { multipartId: values.multipartId }) }
}

const numbersOf = (parts: readonly StoredPart[]) => parts.map(({ part }) => part)
const rowsOf = async ({ uploadId }: Session) => (await stores.parts.read(uploadId))?.parts ?? []

describe('parts that S3 has', () => {
  test('are told and get rows, with the time at which S3 took them', async () => {
    const session = await opened()
    const etag = s3.putDirectly(session.uploadId, 2, TEN)
    const takenAt = clock.now()
    await clock.advance(5000)
    const parts = await direct.take({ session, parts: [] })
    expect(parts).toEqual([{ part: 2, size: 10, etag, at: takenAt }])
    expect(told).toEqual(['parts found in S3'])
    expect(await rowsOf(session)).toEqual(parts)
  })

  test('were not taken later than now, whatever the clock of S3 says', async () => {
    const session = await opened()
    await clock.advance(5000)
    s3.putDirectly(session.uploadId, 1, TEN)
    const [part] = await new DirectParts({
      repository: stores.uploads,
      partRepository: stores.parts,
      store: s3,
      clock: { ...clock, now: () => clock.now() - 3000 },
      log: silentLog,
    }).take({ session, parts: [] })
    expect(part?.at).toBe(clock.now() - 3000)
  })

  test('are listed after the first gap only, and told beside those that are known', async () => {
    const session = await opened()
    const known = [1, 3].map((part) => ({ part, size: 10, etag: 'known', at: 1 }))
    s3.putDirectly(session.uploadId, 1, TEN)
    s3.putDirectly(session.uploadId, 2, TEN)
    expect(numbersOf(await direct.take({ session, parts: known })).sort()).toEqual([1, 2, 3])
    expect(listed).toEqual([1])
  })

  test('take the place of others that were stored before under the same number', async () => {
    const session = await opened()
    const etag = s3.putDirectly(session.uploadId, 2, TEN)
    const known = [{ part: 2, size: 10, etag: 'old', at: 1 }]
    expect(await direct.take({ session, parts: known })).toMatchObject([{ part: 2, etag }])
  })

  test('have the upload live longer, where there is one more', async () => {
    const session = await opened()
    await clock.advance(2 * HOUR_MS)
    await direct.take({ session, parts: [] })
    const before = await stores.uploads.findSession(session.uploadId)
    expect(before?.expiresAt).toBe(session.expiresAt)
    s3.putDirectly(session.uploadId, 1, TEN)
    await direct.take({ session, parts: [] })
    const after = await stores.uploads.findSession(session.uploadId)
    expect(after?.expiresAt).toBe(clock.now() + 25 * HOUR_MS)
  })

  test('do not count where they are known, of another size, or of no part of the file', async () => {
    const session = await opened()
    const etag = s3.putDirectly(session.uploadId, 2, TEN)
    s3.putDirectly(session.uploadId, 3, TEN) // the last part has five bytes
    s3.putDirectly(session.uploadId, 4, TEN)
    stores.takeCalls()
    const known = [{ part: 2, size: 10, etag, at: 1 }]
    expect(await direct.take({ session, parts: known })).toEqual(known)
    expect(stores.takeCalls()).toEqual([])
    expect(told).toEqual([])
  })
})

describe('S3 is not asked', () => {
  test.each([
    ['that comes through this service', { transport: 'proxy' as const }],
    ['that is complete', { state: 'ready' as const }],
    ['whose multipart upload has not begun', { multipartId: undefined }],
  ])('of an upload %s', async (_, values) => {
    const session = await opened(values)
    s3.putDirectly(session.uploadId, 1, TEN)
    expect(await direct.take({ session, parts: [] })).toEqual([])
    expect(listed).toEqual([])
  })

  test.each([{ transport: 'proxy' as const }, { state: 'ready' as const }])(
    'in the background of an upload that takes no direct parts: %o',
    async (values) => {
      const session = await opened(values)
      direct.takeInBackground({ session, parts: [] }, () => told.push('learnt'))
      await settled()
      expect(told).toEqual([])
    },
  )
})

test('an upload that was joined or aborted meanwhile has no parts that are new', async () => {
  const session = await opened()
  s3.multiparts.clear()
  const known = [{ part: 1, size: 10, etag: 'e', at: 1 }]
  expect(await direct.take({ session, parts: known })).toEqual(known)
})

test('a list that S3 does not give is no empty one', async () => {
  const session = await opened()
  s3.listParts = () => Promise.reject(new Error('away'))
  await expect(direct.take({ session, parts: [] })).rejects.toThrow('away')
})

describe('in the background', () => {
  async function take(session: Session): Promise<number[][]> {
    const learnt: number[][] = []
    direct.takeInBackground({ session, parts: [] }, (parts) => learnt.push(numbersOf(parts)))
    await settled()
    return learnt
  }

  test('what S3 has is learnt every three seconds, each upload for itself', async () => {
    const [one, other] = [await opened(), await opened()]
    s3.putDirectly(one.uploadId, 1, TEN)
    expect(await take(one)).toEqual([[1]])
    expect(await take(other)).toEqual([[]])
    await clock.advance(2999)
    expect(await take(one)).toEqual([])
    await clock.advance(1)
    expect(await take(one)).toEqual([[1]])
  })

  test('a failure is logged, and S3 is asked again after three seconds', async () => {
    const session = await opened()
    const listParts = s3.listParts.bind(s3)
    s3.listParts = () => Promise.reject(new Error('away'))
    expect(await take(session)).toEqual([])
    expect(told).toEqual(['S3 did not list the parts'])
    s3.listParts = listParts
    await clock.advance(3000)
    expect(await take(session)).toEqual([[]])
  })
})
