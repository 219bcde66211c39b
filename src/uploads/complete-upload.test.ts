import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { MemorySourceStore } from '../../test/support/memory-source-store.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { newMedia, newSession } from '../../test/support/uploads.ts'
import { StoreUnavailable } from '../aws/index.ts'
import { crc32Hex } from '../kernel/crc32-hex.ts'
import { silentLog } from '../kernel/log.ts'
import { noTracing, type SpanOptions, type Tracing } from '../kernel/tracing.ts'
import { inContext } from '../kernel/work-context.ts'
import { completeUpload, type CompleteParts } from './complete-upload.ts'
import { SourceRefused, UploadNotFound } from './failures.ts'
import { MultipartGone, PartsChanged } from './source-store.ts'
import type { Session } from './upload.ts'

const RETENTION_MS = 8000
const PIECES = ['0123456789', 'abcdefghij', 'VWXYZ'].map((piece) => Buffer.from(piece))
const WHOLE = Buffer.concat(PIECES)
const crcOf = (bytes: Buffer) => crc32Hex(crc32(bytes))

let clock: FakeClock
let stores: MemoryStores
let s3: MemorySourceStore
let told: unknown[]
let parts: CompleteParts

beforeEach(() => {
  clock = createFakeClock(1_000_000)
  stores = new MemoryStores(clock)
  s3 = new MemorySourceStore(clock)
  told = []
  parts = {
    repository: stores.uploads,
    partRepository: stores.parts,
    store: s3,
    inspect: () => Promise.resolve(newMedia()),
    clock,
    log: { ...silentLog, info: (fields, sentence) => told.push([sentence, fields]) },
    meter: {
      uploadMoved: (step) => told.push(step),
      uploadStored: (bytes) => told.push(`stored ${bytes}`),
    },
    tracing: noTracing,
    retentionMs: RETENTION_MS,
    shutdown: new AbortController().signal,
  }
})

/** An upload whose parts lie in S3 and, where they came through this service, in rows; it is `completing`. */
async function uploaded(values: Partial<Session> = {}, numbers = [1, 2, 3]): Promise<Session> {
  const session = newSession(clock.now(), { state: 'completing', ...values })
  const multipartId = await s3.begin(session.uploadId, session)
  for (const number of numbers) await sendPart({ ...session, multipartId }, number)
  await stores.uploads.add({ ...session, multipartId })
  return { ...session, multipartId }
}

async function sendPart(
  { uploadId, transport }: Session,
  part: number,
  bytes = PIECES[part - 1],
): Promise<void> {
  if (!bytes) throw new Error(`There is no part ${part}.`)
  const etag = s3.putDirectly(uploadId, part, bytes)
  if (transport === 'direct') return
  await stores.parts.add(uploadId, { part, size: bytes.length, crc32: crcOf(bytes), etag, at: clock.now() })
}

const complete = (session: Session, announced: string[] = []) => completeUpload(parts, session, announced)
const find = ({ uploadId }: Session) => stores.uploads.findSession(uploadId)
const rowsOf = async ({ uploadId }: Session) =>
  (await stores.parts.read(uploadId))?.parts.map(({ part }) => part)
const objectOf = ({ uploadId }: Session) => s3.objects.get(uploadId)?.toString()

describe('an upload that is whole', () => {
  test('is joined in order and ready, with what it holds, for the retention time and an eighth', async () => {
    const session = await uploaded({}, [3, 1, 2])
    const ready = await complete(session)
    expect(objectOf(session)).toBe(WHOLE.toString())
    expect(ready).toMatchObject({ state: 'ready', media: newMedia(), crc32: crcOf(WHOLE) })
    expect(await find(session)).toEqual(ready)
    expect(ready).toMatchObject({ expiresAt: clock.now() + RETENTION_MS * 1.125, updatedAt: clock.now() })
  })

  test('is looked into with its id and size', async () => {
    const session = await uploaded()
    const asked: unknown[] = []
    parts.inspect = (...args) => {
      asked.push(args)
      return Promise.resolve(newMedia())
    }
    await complete(session)
    expect(asked).toEqual([[session.uploadId, 25]])
  })

  test('is logged and counted', async () => {
    const { uploadId, ...session } = await uploaded()
    await complete({ uploadId, ...session })
    expect(told).toEqual([
      ['upload ready', { uploadId, container: 'wav', codec: 'pcm_s16le' }],
      'ready',
      'stored 25',
    ])
  })

  test('has its checksum from those of its parts, and it is what was announced', async () => {
    expect(await complete(await uploaded(), [crcOf(WHOLE)])).toMatchObject({ crc32: crcOf(WHOLE) })
  })

  test('may have parts in S3 that are of an earlier cut: they are not joined', async () => {
    const session = await uploaded()
    s3.putDirectly(session.uploadId, 4, Buffer.from('old'))
    await complete(session)
    expect(objectOf(session)).toBe(WHOLE.toString())
  })
})

describe('an upload of which something is missing', () => {
  test('is open again, and told which parts are to be sent', async () => {
    const session = await uploaded({}, [2])
    await expect(complete(session)).rejects.toMatchObject({
      code: 'parts-missing',
      facts: { missing: '1,3' },
    })
    expect(await find(session)).toMatchObject({ state: 'open', updatedAt: clock.now() })
    expect(told).toEqual([['upload open again', { uploadId: session.uploadId }]])
  })

  test('is as it was before anything was sent, where nothing was', async () => {
    const session = newSession(clock.now(), { state: 'completing', multipartId: undefined })
    await stores.uploads.add(session)
    await expect(complete(session)).rejects.toMatchObject({ facts: { missing: '1-3' } })
    expect(await find(session)).toMatchObject({ state: 'creating' })
  })

  test('misses a part that S3 has and no row tells of: it was not verified to its end', async () => {
    const session = await uploaded({}, [1, 2])
    s3.putDirectly(session.uploadId, 3, Buffer.from('VWXYZ'))
    await expect(complete(session)).rejects.toMatchObject({ facts: { missing: '3' } })
  })

  test('misses a part of which S3 has other bytes than its row says, and forgets that row', async () => {
    const session = await uploaded()
    s3.putDirectly(session.uploadId, 2, Buffer.from('ABCDEFGHIJ'))
    await expect(complete(session)).rejects.toMatchObject({ facts: { missing: '2' } })
    expect(await rowsOf(session)).toEqual([1, 3])
  })

  test('misses a part that is not as long as it should be', async () => {
    const session = await uploaded({}, [1, 2])
    await sendPart(session, 3, Buffer.from('VWXY'))
    await expect(complete(session)).rejects.toMatchObject({ facts: { missing: '3' } })
  })

  test('stays cancelled where it was cancelled meanwhile', async () => {
    const session = await uploaded({ state: 'aborting' }, [1])
    await expect(complete(session)).rejects.toMatchObject({ code: 'parts-missing' })
    expect(await find(session)).toMatchObject({ state: 'aborting' })
    expect(told).toEqual([])
  })
})

describe('an upload whose checksum is not the one that was announced', () => {
  test('is open again before anything is joined, and told both', async () => {
    const session = await uploaded()
    await expect(complete(session, [crcOf(WHOLE), '00000000'])).rejects.toMatchObject({
      code: 'checksum-mismatch',
      facts: { expected: '00000000', got: crcOf(WHOLE) },
    })
    expect(await find(session)).toMatchObject({ state: 'open' })
    expect(objectOf(session)).toBeUndefined()
  })
})

describe('parts that went straight to S3', () => {
  test('count without rows, by what S3 lists', async () => {
    const session = await uploaded({ transport: 'direct', summed: true })
    expect(await complete(session, [crcOf(WHOLE)])).toMatchObject({ state: 'ready', crc32: crcOf(WHOLE) })
  })

  test('have the checksum of their row where S3 knows none', async () => {
    const session = await uploaded({ transport: 'direct' }, [])
    for (const part of [1, 2, 3]) await sendPart({ ...session, transport: 'proxy' }, part)
    expect(await complete(session)).toMatchObject({ crc32: crcOf(WHOLE) })
  })

  test('must be as long as they should be', async () => {
    const session = await uploaded({ transport: 'direct' }, [1, 3])
    await sendPart(session, 2, Buffer.from('short'))
    await expect(complete(session)).rejects.toMatchObject({ facts: { missing: '2' } })
  })

  test('without checksums are read once they are joined, where there is something to compare', async () => {
    const session = await uploaded({ transport: 'direct' })
    expect(await complete(session, [crcOf(WHOLE)])).toMatchObject({ crc32: crcOf(WHOLE) })
  })

  test('without checksums are not read where there is nothing to compare', async () => {
    const session = await uploaded({ transport: 'direct' })
    s3.read = () => Promise.reject(new Error('It was read.'))
    const ready = await complete(session)
    expect(ready).toMatchObject({ state: 'ready' })
    expect(ready.crc32).toBeUndefined()
  })

  test('are read to the end, however many pieces that takes', async () => {
    const session = await uploaded({ transport: 'direct' })
    s3.read = () => Promise.resolve(Readable.from(PIECES))
    expect(await complete(session, [crcOf(WHOLE)])).toMatchObject({ crc32: crcOf(WHOLE) })
  })

  test('without checksums are refused for good where the whole is not what was announced', async () => {
    const session = await uploaded({ transport: 'direct' })
    await expect(complete(session, ['00000000'])).rejects.toMatchObject({ code: 'checksum-mismatch' })
    expect(await find(session)).toMatchObject({ state: 'failed', refusal: { code: 'checksum-mismatch' } })
  })
})

describe('a file that cannot be converted', () => {
  beforeEach(() => {
    parts.inspect = () => Promise.reject(new SourceRefused('not-audio', 'This is a picture.'))
  })

  test('is refused for good, with the reason, and nothing of it is left in the stores', async () => {
    const session = await uploaded()
    await expect(complete(session)).rejects.toMatchObject({ code: 'not-audio' })
    expect(await find(session)).toMatchObject({
      state: 'failed',
      refusal: { code: 'not-audio', message: 'This is a picture.' },
      updatedAt: clock.now(),
    })
    expect(objectOf(session)).toBeUndefined()
    expect(await rowsOf(session)).toEqual([])
    expect(told).toEqual([['upload refused', { uploadId: session.uploadId, code: 'not-audio' }], 'refused'])
  })

  test('is counted once, whoever of several refuses it first', async () => {
    const session = await uploaded()
    await Promise.allSettled([complete(session), complete(session)])
    expect(told.filter((one) => one === 'refused')).toHaveLength(1)
  })
})

describe('a step that was done before', () => {
  test('by somebody who joined the parts is not done again', async () => {
    const session = await uploaded()
    s3.multiparts.clear()
    s3.objects.set(session.uploadId, WHOLE)
    expect(await complete(session)).toMatchObject({ state: 'ready' })
  })

  test('is seen by the whole file, where the store lists no parts any more, or takes them for changed', async () => {
    const emptied = await uploaded()
    s3.multipartOf(emptied.uploadId)?.parts.clear()
    s3.objects.set(emptied.uploadId, WHOLE)
    expect(await complete(emptied)).toMatchObject({ state: 'ready' })
    expect(await rowsOf(emptied)).toEqual([1, 2, 3])

    const changed = await uploaded()
    s3.objects.set(changed.uploadId, WHOLE)
    s3.join = () => Promise.reject(new PartsChanged())
    expect(await complete(changed)).toMatchObject({ state: 'ready' })
  })

  test('is none where S3 has neither parts nor the whole file: it was cancelled', async () => {
    const session = await uploaded()
    s3.multiparts.clear()
    await expect(complete(session)).rejects.toMatchObject({ code: 'upload-aborted' })
    s3.objects.set(session.uploadId, Buffer.from('other'))
    await expect(complete(session)).rejects.toMatchObject({ code: 'upload-aborted' })
    expect(await find(session)).toMatchObject({ state: 'completing' })
  })

  test('by somebody who made it ready is told as it is, and not counted again', async () => {
    const session = await uploaded()
    await stores.uploads.change(session.uploadId, ['completing'], {
      state: 'ready',
      media: newMedia({ codec: 'first' }),
    })
    expect(await complete(session)).toMatchObject({ state: 'ready', media: { codec: 'first' } })
    expect(told).toEqual([])
    expect(objectOf(session)).toBe(WHOLE.toString())
  })
})

describe('an upload that is cancelled while it is completed', () => {
  test('leaves nothing behind', async () => {
    const session = await uploaded()
    parts.inspect = async () => {
      await stores.uploads.change(session.uploadId, ['completing'], { state: 'aborted' })
      return newMedia()
    }
    await expect(complete(session)).rejects.toMatchObject({ code: 'upload-aborted' })
    expect(objectOf(session)).toBeUndefined()
    expect(s3.aborted).toEqual([session.multipartId])
    expect(await find(session)).toMatchObject({ state: 'aborted' })
  })

  test('and is gone when it is looked into was cancelled', async () => {
    parts.inspect = () => Promise.reject(new UploadNotFound())
    await expect(complete(await uploaded())).rejects.toMatchObject({ code: 'upload-aborted' })
  })
})

describe('S3', () => {
  test('that has got a part anew since it listed them is asked again later', async () => {
    const session = await uploaded()
    s3.join = () => Promise.reject(new PartsChanged())
    await expect(complete(session)).rejects.toMatchObject({ code: 'store-unavailable', store: 'objects' })
    expect(await find(session)).toMatchObject({ state: 'open' })
  })

  test('that does not answer leaves the upload to be completed again', async () => {
    const session = await uploaded()
    s3.join = () => Promise.reject(new StoreUnavailable('objects', undefined))
    await expect(complete(session)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await find(session)).toMatchObject({ state: 'completing' })
  })

  test('that joined the parts and whose answer was lost is found to have joined them', async () => {
    const session = await uploaded()
    const join = s3.join.bind(s3)
    s3.join = async (...args) => {
      await join(...args)
      throw new MultipartGone()
    }
    expect(await complete(session)).toMatchObject({ state: 'ready' })
  })
})

describe('the trace of an upload', () => {
  const OWN = '00-11111111111111111111111111111111-1111111111111111-01'
  const CALLERS = '00-22222222222222222222222222222222-2222222222222222-01'
  let spans: [name: string, options: SpanOptions | undefined][]

  beforeEach(() => {
    spans = []
    const begin: Tracing['begin'] = (name, options) => {
      spans.push([name, options])
      return noTracing.begin(name, options)
    }
    parts.tracing = { begin }
  })

  test('began with the upload, and is linked to the request that completes it', async () => {
    const session = await uploaded({ traceparent: OWN, createdAt: 7 })
    await inContext({ traceparent: CALLERS }, () => complete(session))
    expect(spans.map(([name]) => name)).toEqual(['upload', 'join', 'inspect'])
    expect(spans[0]?.[1]).toEqual({
      startedAt: 7,
      parent: OWN,
      link: CALLERS,
      attributes: { 'tapedeck.bytes': 25, 'tapedeck.parts': 3, 'tapedeck.transport': 'proxy' },
    })
  })

  test('is that of the request where the upload has none', async () => {
    const session = await uploaded()
    await inContext({ traceparent: CALLERS }, () => complete(session))
    expect(spans[0]?.[1]).toMatchObject({ parent: CALLERS })
  })
})
