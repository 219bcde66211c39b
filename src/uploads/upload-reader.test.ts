import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, settled, type FakeClock } from '../../test/support/fake-clock.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { newSession } from '../../test/support/uploads.ts'
import { StoreUnavailable } from '../aws/index.ts'
import { newId } from '../kernel/ids.ts'
import { UploadExpired, UploadNotFound } from './failures.ts'
import type { Session, StoredPart, Upload } from './upload.ts'
import { UploadReader } from './upload-reader.ts'

const READ = 'uploads Query'

let clock: FakeClock
let stores: MemoryStores
let reader: UploadReader
/** Numbers of the first part that each read asked for. */
let from: number[]
let hits: unknown[]
/** Parts that clients have sent straight to S3, and no row tells of. */
let inS3: StoredPart[]
/** Uploads of which S3 was asked in the background. */
let asked: Upload[]
let s3Away: boolean

beforeEach(() => {
  clock = createFakeClock()
  stores = new MemoryStores(clock)
  from = []
  hits = []
  inS3 = []
  asked = []
  s3Away = false
  const read = (uploadId: string, first = 1) => {
    from.push(first)
    return stores.parts.read(uploadId, first)
  }
  const take = ({ parts }: Upload) =>
    s3Away ? Promise.reject(new StoreUnavailable('objects', undefined)) : Promise.resolve([...parts, ...inS3])
  const takeInBackground = (upload: Upload, learn: (parts: StoredPart[]) => void) => {
    asked.push(upload)
    learn(inS3)
  }
  reader = new UploadReader({
    partRepository: { read },
    direct: { take, takeInBackground },
    clock,
    meter: { recordRead: (...counted) => hits.push(counted) },
  })
})

async function opened(values: Partial<Session> = {}): Promise<Session> {
  const session = newSession(clock.now(), values)
  await stores.uploads.add(session)
  return session
}

const part = (number: number): StoredPart & { crc32: string } => {
  return { part: number, size: 10, crc32: '00000000', etag: `etag ${number}`, at: clock.now() }
}
const store = ({ uploadId }: Session, number: number) => stores.parts.add(uploadId, part(number))

/** Parts that a look tells. */
async function partsOf({ uploadId }: Session): Promise<number[]> {
  const { parts } = await reader.look(uploadId)
  return parts.map((one) => one.part).sort((a, b) => a - b)
}

/** What a look at the upload asks of the stores. */
async function callsOf({ uploadId }: Session): Promise<string[]> {
  stores.takeCalls()
  await reader.look(uploadId)
  return stores.takeCalls()
}

describe('how long an answer is good', () => {
  test.each(['creating', 'open', 'completing'] as const)(
    'an upload that is %s is good for a second',
    async (state) => {
      const session = await opened({ state })
      await reader.look(session.uploadId)
      await clock.advance(999)
      expect(await callsOf(session)).toEqual([])
      await clock.advance(1)
      expect(await callsOf(session)).toEqual([READ])
    },
  )

  test.each(['ready', 'failed', 'aborting', 'aborted'] as const)(
    'an upload that is %s is good for half a minute',
    async (state) => {
      const session = await opened({ state })
      await reader.look(session.uploadId)
      await clock.advance(29_999)
      expect(await callsOf(session)).toEqual([])
      await clock.advance(1)
      expect(await callsOf(session)).toEqual([READ])
    },
  )

  test('that there is no such upload is known for a second', async () => {
    const session = newSession(clock.now())
    await expect(reader.look(session.uploadId)).rejects.toBeInstanceOf(UploadNotFound)
    await stores.uploads.add(session)
    await clock.advance(999)
    await expect(reader.look(session.uploadId)).rejects.toBeInstanceOf(UploadNotFound)
    await clock.advance(1)
    expect((await reader.look(session.uploadId)).session).toEqual(session)
  })

  test('an answer that was forgotten is read again, whole', async () => {
    const session = await opened()
    await store(session, 1)
    await reader.look(session.uploadId)
    reader.forget(session.uploadId)
    expect(await partsOf(session)).toEqual([1])
    expect(from).toEqual([1, 1])
  })
})

describe('one read for many', () => {
  test('many who ask at the same time share one read, and count as hits', async () => {
    const { uploadId } = await opened()
    stores.takeCalls()
    await Promise.all([reader.look(uploadId), reader.look(uploadId)])
    await reader.look(uploadId)
    expect(stores.takeCalls()).toEqual([READ])
    expect(hits).toEqual([
      ['upload', false],
      ['upload', true],
      ['upload', true],
    ])
  })

  test('a read that failed is not shared with those who ask later', async () => {
    const { uploadId } = await opened()
    stores.away = true
    await expect(reader.look(uploadId)).rejects.toBeInstanceOf(StoreUnavailable)
    stores.away = false
    expect((await reader.look(uploadId)).stale).toBe(false)
  })

  test('what can be no id is not asked for', async () => {
    await expect(reader.look('nothing')).rejects.toBeInstanceOf(UploadNotFound)
    await expect(reader.find('nothing')).rejects.toBeInstanceOf(UploadNotFound)
    expect(stores.takeCalls()).toEqual([])
  })
})

describe('parts', () => {
  test('only those after the first gap are read anew, and the others stay', async () => {
    const session = await opened()
    for (const number of [1, 2]) await store(session, number)
    await reader.look(session.uploadId)
    await store(session, 3)
    await clock.advance(1000)
    expect(await partsOf(session)).toEqual([1, 2, 3])
    expect(from).toEqual([1, 3])
  })

  test('all are read anew where the session has changed, as when parts were taken back', async () => {
    const session = await opened()
    for (const number of [1, 2]) await store(session, number)
    await reader.look(session.uploadId)
    await stores.parts.remove(session.uploadId, [1])
    await clock.advance(1000)
    await stores.uploads.change(session.uploadId, ['open'], { state: 'open', updatedAt: clock.now() })
    expect(await partsOf(session)).toEqual([2])
    expect(from).toEqual([1, 3, 1])
  })

  test('that were there before a change of the session are still told after it', async () => {
    const session = await opened()
    await store(session, 1)
    await reader.look(session.uploadId)
    await clock.advance(1000)
    await stores.uploads.change(session.uploadId, ['open'], { updatedAt: clock.now() })
    expect(await partsOf(session)).toEqual([1])
    expect(from).toEqual([1, 2, 1])
  })

  test('are read once where nothing was known before a change', async () => {
    const session = await opened()
    await reader.look(session.uploadId)
    await clock.advance(1000)
    await stores.uploads.change(session.uploadId, ['open'], { updatedAt: clock.now() })
    await reader.look(session.uploadId)
    expect(from).toEqual([1, 1])
  })

  test('that this process has stored are told at once', async () => {
    const session = await opened()
    await reader.look(session.uploadId)
    reader.learnParts(session.uploadId, [part(2)])
    expect(await partsOf(session)).toEqual([2])
  })

  test('that this process has stored while others were read are told, too', async () => {
    const session = await opened()
    await reader.look(session.uploadId)
    await clock.advance(1000)
    const letGo = stores.holdAnswers()
    const reading = partsOf(session)
    await settled()
    reader.learnParts(session.uploadId, [part(2)])
    letGo()
    expect(await reading).toEqual([2])
  })

  test('of an upload that nobody asked for are not remembered', async () => {
    const session = await opened()
    reader.learnParts(session.uploadId, [part(2)])
    expect(await partsOf(session)).toEqual([])
  })

  test('of an upload that is gone are forgotten', async () => {
    const session = await opened()
    await store(session, 1)
    await reader.look(session.uploadId)
    const table = stores.tables.get('unit-uploads')
    for (const row of table?.rows() ?? []) table?.delete(row)
    await clock.advance(1000)
    await expect(reader.look(session.uploadId)).rejects.toBeInstanceOf(UploadNotFound)
  })
})

describe('parts that went straight to S3', () => {
  test('are asked for by the first look, and told', async () => {
    const session = await opened({ transport: 'direct' })
    inS3 = [part(3)]
    expect(await partsOf(session)).toEqual([3])
  })

  test('do not keep what the rows say, when S3 does not answer the first look', async () => {
    const session = await opened({ transport: 'direct' })
    await store(session, 1)
    s3Away = true
    expect(await partsOf(session)).toEqual([1])
  })

  test('are asked for in the background afterwards, and told by the next look', async () => {
    const session = await opened({ transport: 'direct' })
    await reader.look(session.uploadId)
    inS3 = [part(2)]
    expect(await partsOf(session)).toEqual([])
    expect(await partsOf(session)).toEqual([2])
  })

  test('are not asked for while the table is away', async () => {
    const session = await opened({ transport: 'direct' })
    await reader.look(session.uploadId)
    stores.away = true
    await clock.advance(1000)
    asked = []
    await reader.look(session.uploadId)
    expect(asked).toEqual([])
  })
})

describe('an upload as it is at this moment', () => {
  test('is read each time, with what S3 has', async () => {
    const session = await opened({ transport: 'direct' })
    await reader.look(session.uploadId)
    await store(session, 1)
    inS3 = [part(2)]
    expect((await reader.find(session.uploadId)).parts.map((one) => one.part)).toEqual([1, 2])
  })

  test('is not told without what S3 has', async () => {
    const session = await opened({ transport: 'direct' })
    s3Away = true
    await expect(reader.find(session.uploadId)).rejects.toBeInstanceOf(StoreUnavailable)
  })

  test('is remembered for those who look', async () => {
    const session = await opened()
    await store(session, 1)
    await reader.find(session.uploadId)
    expect(await callsOf(session)).toEqual([])
    expect(await reader.look(session.uploadId)).toMatchObject({ stale: false, asOf: clock.now() })
  })

  test('is not there', async () => {
    await expect(reader.find(newId())).rejects.toBeInstanceOf(UploadNotFound)
  })
})

describe('an upload whose time is over', () => {
  test('is told as expired, also from memory', async () => {
    const session = await opened({ expiresAt: clock.now() + 500 })
    await reader.look(session.uploadId)
    await clock.advance(500)
    await expect(reader.look(session.uploadId)).rejects.toBeInstanceOf(UploadExpired)
    await expect(reader.find(session.uploadId)).rejects.toBeInstanceOf(UploadExpired)
  })
})

describe('while the table is away', () => {
  test('what was last known is told as stale, and the table is left alone for two seconds', async () => {
    const session = await opened()
    await store(session, 1)
    const { asOf } = await reader.look(session.uploadId)
    stores.away = true
    await clock.advance(1000)
    expect(await reader.look(session.uploadId)).toMatchObject({ stale: true, asOf, parts: [{ part: 1 }] })
    await clock.advance(1999)
    expect(await callsOf(session)).toEqual([])
    await clock.advance(1)
    expect(await callsOf(session)).toEqual([READ])
    stores.away = false
    await clock.advance(2000)
    expect(await reader.look(session.uploadId)).toMatchObject({ stale: false, asOf: clock.now() })
  })

  test('an upload that nobody knows is not said to be absent, and one that was not there may be there now', async () => {
    const uploadId = newId()
    await expect(reader.look(uploadId)).rejects.toBeInstanceOf(UploadNotFound)
    stores.away = true
    await clock.advance(1000)
    await expect(reader.look(uploadId)).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(reader.look(newId())).rejects.toBeInstanceOf(StoreUnavailable)
  })

  test('an error that is no outage is thrown, whatever is known', async () => {
    const session = await opened()
    await reader.look(session.uploadId)
    await clock.advance(1000)
    stores.tables.get('unit-uploads')?.put({ uploadId: session.uploadId, item: 'session', state: 'none' }, {})
    await expect(reader.look(session.uploadId)).rejects.toThrow(/state/)
  })
})
