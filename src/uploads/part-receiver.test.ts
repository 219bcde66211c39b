import { PassThrough, Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, settled, type FakeClock } from '../../test/support/fake-clock.ts'
import { MemorySourceStore } from '../../test/support/memory-source-store.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { newSession } from '../../test/support/uploads.ts'
import { crc32Hex } from '../kernel/crc32-hex.ts'
import { newId } from '../kernel/ids.ts'
import { PartReceiver, type IncomingPart } from './part-receiver.ts'
import { MultipartGone } from './source-store.ts'
import type { OpenSession, Session, StoredPart } from './upload.ts'

const HOUR_MS = 3_600_000
const BYTES = Buffer.from('0123456789')
const OTHER_BYTES = Buffer.from('9876543210')
const crcOf = (bytes: Buffer) => crc32Hex(crc32(bytes))

let clock: FakeClock
let stores: MemoryStores
let s3: MemorySourceStore
let receiver: PartReceiver
let learnt: [uploadId: string, parts: readonly StoredPart[]][]
/** Sessions whose multipart upload the receiver had begun. */
let opened: { session: Session; summed: boolean }[]

beforeEach(() => {
  clock = createFakeClock()
  stores = new MemoryStores(clock)
  s3 = new MemorySourceStore(clock)
  learnt = []
  opened = []
  receiver = new PartReceiver({
    repository: stores.uploads,
    partRepository: stores.parts,
    store: s3,
    reader: { learnParts: (...news) => void learnt.push(news) },
    open: async (session, { summed }) => {
      opened.push({ session, summed })
      return begin(session)
    },
    clock,
  })
})

async function begin(session: Session): Promise<OpenSession> {
  const { uploadId, summed } = session
  const multipartId = await s3.begin(uploadId, { summed })
  await stores.uploads.change(uploadId, ['creating', 'open'], { state: 'open', multipartId })
  return { ...session, multipartId }
}

/** An upload as it lies in the stores: open, if not told otherwise. */
async function upload(values: Partial<Session> = {}): Promise<Session> {
  const session = newSession(clock.now(), { state: 'creating', multipartId: undefined, ...values })
  await stores.uploads.add(session)
  return values.state === undefined ? begin(session) : session
}

const incoming = (values: Partial<IncomingPart> = {}): IncomingPart => ({
  part: 1,
  body: Readable.from([BYTES]),
  contentLength: 10,
  crc32: undefined,
  client: 'c',
  ...values,
})

const receive = ({ uploadId }: Session, values: Partial<IncomingPart> = {}) =>
  receiver.receive(uploadId, incoming(values))

const rowsOf = async ({ uploadId }: Session) => (await stores.parts.read(uploadId))?.parts ?? []
const storedIn = ({ uploadId }: Session) => s3.multipartOf(uploadId)?.parts.get(1)?.bytes.toString()

describe('a part that is taken', () => {
  test('lies in S3, and its row tells of it with size, checksum and time', async () => {
    const session = await upload()
    const part = await receive(session)
    expect(part).toMatchObject({ part: 1, size: 10, crc32: crcOf(BYTES), at: clock.now() })
    expect(await rowsOf(session)).toEqual([part])
    expect(storedIn(session)).toBe('0123456789')
  })

  test('is told to those who look at the upload', async () => {
    const session = await upload()
    const part = await receive(session)
    expect(learnt).toEqual([[session.uploadId, [part]]])
  })

  test('has the multipart upload begun where there is none yet, without checksums of S3', async () => {
    const session = await upload({ state: 'creating' })
    await receive(session)
    expect(opened).toMatchObject([{ session: { uploadId: session.uploadId }, summed: false }])
    expect(storedIn(session)).toBe('0123456789')
  })

  test('leaves a multipart upload that has begun as it is', async () => {
    await receive(await upload())
    expect(opened).toEqual([])
  })

  test('is the last one with what is left of the file', async () => {
    const session = await upload()
    await receive(session, { part: 3, body: Readable.from([BYTES.subarray(5)]), contentLength: 5 })
    expect(await rowsOf(session)).toMatchObject([{ part: 3, size: 5 }])
  })

  test('has the upload live a day longer, where less than that was left', async () => {
    const session = await upload()
    await clock.advance(2 * HOUR_MS)
    await receive(session)
    expect(await stores.uploads.findSession(session.uploadId)).toMatchObject({
      expiresAt: clock.now() + 25 * HOUR_MS,
    })
  })
})

describe('a part of an upload whose checksums S3 verifies', () => {
  /** The checksum that S3 is given with a part that comes with one. */
  async function givenTo(session: Session): Promise<string | undefined> {
    let given: string | undefined
    const putPart = s3.putPart.bind(s3)
    s3.putPart = (uploadId, multipartId, part, signal) => {
      given = part.crc32
      return putPart(uploadId, multipartId, part, signal)
    }
    await receive(session, { crc32: crcOf(BYTES) })
    return given
  }

  test('is given to S3 with its checksum, and others are not', async () => {
    expect(await givenTo(await upload({ summed: true }))).toBe(crcOf(BYTES))
    expect(await givenTo(await upload())).toBeUndefined()
  })

  test('is refused without one', async () => {
    await expect(receive(await upload({ summed: true }))).rejects.toMatchObject({ code: 'checksum-required' })
  })
})

describe('a part that is stored already', () => {
  test('is compared and told as it is, without being stored again', async () => {
    const session = await upload()
    const first = await receive(session)
    await clock.advance(1000)
    expect(await receive(session, { body: Readable.from([BYTES]) })).toEqual(first)
    expect(learnt).toHaveLength(1)
  })

  test('is refused with other bytes, and stays as it is', async () => {
    const session = await upload()
    const first = await receive(session)
    const again = receive(session, { body: Readable.from([OTHER_BYTES]) })
    await expect(again).rejects.toMatchObject({ code: 'part-conflict' })
    expect(await rowsOf(session)).toEqual([first])
  })

  test('is taken as the same where S3 has it without a checksum', async () => {
    const session = await upload()
    const listed = { part: 1, size: 10, etag: 'e', at: clock.now() }
    await stores.parts.addListed(session.uploadId, [listed])
    expect(await receive(session, { body: Readable.from([OTHER_BYTES]) })).toEqual(listed)
  })

  test('has the upload live longer, too', async () => {
    const session = await upload()
    await receive(session)
    await clock.advance(2 * HOUR_MS)
    await receive(session, { body: Readable.from([BYTES]) })
    expect(await stores.uploads.findSession(session.uploadId)).toMatchObject({
      expiresAt: clock.now() + 25 * HOUR_MS,
    })
  })

  test('must be whole all the same', async () => {
    const session = await upload()
    await receive(session)
    const short = receive(session, { body: Readable.from([BYTES.subarray(1)]) })
    await expect(short).rejects.toMatchObject({ code: 'part-size' })
  })
})

describe('a part is refused', () => {
  test('where there is no such upload', async () => {
    for (const uploadId of [newId(), 'nothing'])
      await expect(receiver.receive(uploadId, incoming())).rejects.toMatchObject({ code: 'upload-not-found' })
    expect(stores.takeCalls()).toEqual(['uploads BatchGet']) // what can be no id is not asked for
  })

  test.each([
    ['complete', { state: 'ready' as const }, 'part-conflict'],
    ['cancelled', { state: 'aborted' as const }, 'upload-aborted'],
    ['over', { state: 'open' as const, expiresAt: 1 }, 'upload-expired'],
  ])('where the upload is %s', async (_, values, code) => {
    await expect(receive(await upload(values))).rejects.toMatchObject({ code })
  })

  test('where the upload has no part of that number', async () => {
    const session = await upload()
    for (const part of [0, 4])
      await expect(receive(session, { part })).rejects.toMatchObject({ code: 'part-out-of-range' })
  })

  test('where it does not tell its length, or tells another than the part has', async () => {
    const session = await upload()
    await expect(receive(session, { contentLength: undefined })).rejects.toMatchObject({
      code: 'length-required',
    })
    for (const contentLength of [9, 11])
      await expect(receive(session, { contentLength })).rejects.toMatchObject({
        code: 'part-size',
        facts: { expectedBytes: 10, gotBytes: contentLength },
      })
  })

  test('where its bytes are not those that were announced, and no row tells of it', async () => {
    const session = await upload()
    await expect(receive(session, { crc32: crcOf(OTHER_BYTES) })).rejects.toMatchObject({
      code: 'checksum-mismatch',
    })
    expect(await rowsOf(session)).toEqual([])
  })

  test('where its sender falls silent for twenty seconds', async () => {
    const session = await upload()
    const stalled = expect(receive(session, { body: new PassThrough() })).rejects.toMatchObject({
      code: 'part-stalled',
    })
    await clock.advance(20_000)
    await stalled
  })
})

describe('an upload that moves while a part is on its way', () => {
  /** Receives a part; what `meanwhile` does happens after S3 has the bytes. */
  function receiveWhile(session: Session, meanwhile: () => Promise<unknown>) {
    const putPart = s3.putPart.bind(s3)
    s3.putPart = async (...args) => {
      const etag = await putPart(...args)
      await meanwhile()
      return etag
    }
    return receive(session)
  }
  const change = ({ uploadId }: Session, state: Session['state']) =>
    stores.uploads.change(uploadId, ['open'], { state })

  test('and was cancelled is aborted once more, since S3 may have taken the part after the abort', async () => {
    for (const state of ['aborting', 'aborted'] as const) {
      const session = await upload()
      const receiving = receiveWhile(session, () => change(session, state))
      await expect(receiving).rejects.toMatchObject({ code: 'upload-aborted' })
      expect(s3.aborted.at(-1)).toBe(session.multipartId)
    }
    expect(learnt).toEqual([])
  })

  test('and of which nothing is known any more was cancelled', async () => {
    const session = await upload()
    const table = stores.tables.get('unit-uploads')
    const remove = () => Promise.resolve(table?.delete({ uploadId: session.uploadId, item: 'session' }))
    await expect(receiveWhile(session, remove)).rejects.toMatchObject({ code: 'upload-aborted' })
    expect(s3.aborted).toEqual([])
  })

  test('and is being completed has the part', async () => {
    for (const state of ['completing', 'ready'] as const) {
      const session = await upload()
      expect(await receiveWhile(session, () => change(session, state))).toMatchObject({ part: 1 })
    }
  })

  test('and is gone from S3 was cancelled', async () => {
    const session = await upload()
    const gone = receiveWhile(session, () => Promise.reject(new MultipartGone()))
    await expect(gone).rejects.toMatchObject({ code: 'upload-aborted' })
  })

  test('and failed in S3 tells that failure', async () => {
    const failing = receiveWhile(await upload(), () => Promise.reject(new Error('no space')))
    await expect(failing).rejects.toThrow('no space')
  })

  test('and got the same part with other bytes keeps the one that came first', async () => {
    const session = await upload()
    const first = { part: 1, size: 10, crc32: crcOf(OTHER_BYTES), etag: 'e', at: 1 }
    const second = receiveWhile(session, () => stores.parts.add(session.uploadId, first))
    await expect(second).rejects.toMatchObject({ code: 'part-conflict' })
    expect(await rowsOf(session)).toEqual([first])
  })
})

describe('parts at once', () => {
  test('of one upload are six; the next one is sent back before a byte of it is read, until one has ended', async () => {
    const session = await upload()
    const body = new PassThrough()
    const slow = Array.from({ length: 6 }, (_, at) =>
      receive(session, { body: at === 0 ? body : new PassThrough() }).catch((error: unknown) => error),
    )
    await settled()
    await expect(receive(session)).rejects.toMatchObject({ code: 'upload-busy' })
    body.destroy()
    await slow[0]
    expect(await receive(session)).toMatchObject({ part: 1 })
  })

  test('that were refused have given their place back', async () => {
    const session = await upload()
    for (let sent = 0; sent < 7; sent++)
      await expect(receive(session, { part: 9 })).rejects.toMatchObject({ code: 'part-out-of-range' })
  })
})
