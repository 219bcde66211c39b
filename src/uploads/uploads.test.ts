import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, settled, type FakeClock } from '../../test/support/fake-clock.ts'
import { MemorySourceStore } from '../../test/support/memory-source-store.ts'
import { MemoryStores } from '../../test/support/memory-stores.ts'
import { newMedia } from '../../test/support/uploads.ts'
import { crc32Hex } from '../kernel/crc32-hex.ts'
import { idForRequest } from '../kernel/idempotency.ts'
import { newId } from '../kernel/ids.ts'
import { silentLog } from '../kernel/log.ts'
import { silentMeter } from '../kernel/meter.ts'
import { noTracing } from '../kernel/tracing.ts'
import { MiB } from '../kernel/units.ts'
import { inContext } from '../kernel/work-context.ts'
import { SourceRefused } from './failures.ts'
import { Uploads, type UploadsParts } from './uploads.ts'

const HOUR_MS = 3_600_000
/** Two parts and a half. */
const WHOLE = Buffer.concat([Buffer.alloc(MiB, 'a'), Buffer.alloc(MiB, 'b'), Buffer.alloc(MiB / 2, 'c')])
const REQUEST = { name: 'song.wav', size: WHOLE.length }
const CRC = crc32Hex(crc32(WHOLE))

let clock: FakeClock
let stores: MemoryStores
let s3: MemorySourceStore
let moved: string[]
let logged: string[]
let parts: UploadsParts

beforeEach(() => {
  clock = createFakeClock()
  stores = new MemoryStores(clock)
  s3 = new MemorySourceStore(clock)
  moved = []
  logged = []
  parts = {
    repository: stores.uploads,
    partRepository: stores.parts,
    store: s3,
    inspect: () => Promise.resolve(newMedia()),
    clock,
    log: { ...silentLog, info: (_, sentence) => logged.push(sentence) },
    meter: { ...silentMeter, uploadMoved: (step) => void moved.push(step) },
    tracing: noTracing,
    retentionMs: HOUR_MS,
    shutdown: new AbortController().signal,
    maxUploadBytes: 3 * MiB,
    smallestPartBytes: MiB,
    transport: 'proxy',
  }
})

const sessionOf = (uploadId: string) => stores.uploads.findSession(uploadId)

/** Begins an upload; gives its id. */
async function begin(uploads: Uploads, request = {}): Promise<string> {
  return (await uploads.create({ ...REQUEST, ...request })).session.uploadId
}

async function send(uploads: Uploads, uploadId: string, numbers = [1, 2, 3]): Promise<void> {
  for (const part of numbers) {
    const bytes = WHOLE.subarray((part - 1) * MiB, part * MiB)
    const incoming = { part, body: Readable.from([bytes]), contentLength: bytes.length, client: 'c' }
    const { upload } = await uploads.receivePart(uploadId, { ...incoming, crc32: undefined })
    expect(upload.parts.map((one) => one.part)).toContain(part)
  }
}

describe('an upload that is begun', () => {
  test('is cut into parts and lives for a day and an hour', async () => {
    const { session, parts: stored } = await new Uploads(parts).create(REQUEST)
    expect(session).toMatchObject({
      state: 'open',
      name: 'song.wav',
      size: 2.5 * MiB,
      partSize: MiB,
      partCount: 3,
      createdAt: clock.now(),
      expiresAt: clock.now() + 25 * HOUR_MS,
    })
    expect(stored).toEqual([])
    expect(await sessionOf(session.uploadId)).toEqual(session)
    expect(moved).toEqual(['opened'])
  })

  test('has a clean name, and keeps the checksum it was announced with in small letters', async () => {
    const { session } = await new Uploads(parts).create({
      ...REQUEST,
      name: '../a/song.wav',
      crc32: 'ABCDEF01',
    })
    expect(session).toMatchObject({ name: 'song.wav', crc32: 'abcdef01' })
  })

  test('waits for its first targets to show whether S3 is to verify checksums, where parts go straight there', async () => {
    const uploadId = await begin(new Uploads({ ...parts, transport: 'direct' }))
    expect(await sessionOf(uploadId)).toMatchObject({ state: 'creating', transport: 'direct', summed: false })
    expect(s3.multiparts.size).toBe(0)
  })

  test('belongs to the trace of the request that began it', async () => {
    const traceparent = '00-11111111111111111111111111111111-1111111111111111-01'
    const { session } = await inContext({ traceparent }, () => new Uploads(parts).create(REQUEST))
    expect(session.traceparent).toBe(traceparent)
  })

  test.each([
    [{ size: 0 }, 'empty-file'],
    [{ size: 3 * MiB + 1 }, 'upload-too-large'],
    [{ name: '..' }, 'invalid-name'],
  ])('is refused: %o', async (request, code) => {
    await expect(new Uploads(parts).create({ ...REQUEST, ...request })).rejects.toMatchObject({ code })
  })

  test('may be as large as the limit', async () => {
    expect(await begin(new Uploads(parts), { size: 3 * MiB })).toBeDefined()
  })
})

describe('a request that is repeated with its key', () => {
  const requester = { idempotencyKey: 'k' }

  test('finds the upload it began, with the parts it has by now', async () => {
    const uploads = new Uploads(parts)
    const { session } = await uploads.create(REQUEST, requester)
    await send(uploads, session.uploadId, [2])
    const again = await uploads.create(REQUEST, requester)
    expect(again.session.uploadId).toBe(session.uploadId)
    expect(session.uploadId).toBe(idForRequest('upload', requester))
    expect(again.parts.map(({ part }) => part)).toEqual([2])
    expect(moved).toEqual(['opened'])
  })

  test('is refused as another request under the same key', async () => {
    const uploads = new Uploads(parts)
    await uploads.create(REQUEST, requester)
    await expect(uploads.create({ ...REQUEST, size: 1 }, requester)).rejects.toMatchObject({
      code: 'idempotency-conflict',
    })
  })

  test('goes on where S3 was not asked yet, as after a crash', async () => {
    const begin = s3.begin.bind(s3)
    s3.begin = () => Promise.reject(new Error('crash'))
    await expect(new Uploads(parts).create(REQUEST, requester)).rejects.toThrow('crash')
    s3.begin = begin
    const { session } = await new Uploads(parts).create(REQUEST, requester)
    expect(await sessionOf(session.uploadId)).toMatchObject({ state: 'open', multipartId: 'multipart 1' })
  })
})

describe('two who begin the multipart upload of one session', () => {
  test('in one process share it', async () => {
    const uploads = new Uploads({ ...parts, transport: 'direct' })
    const uploadId = await begin(uploads)
    const want = [{ part: 1 }]
    await Promise.all([uploads.targets(uploadId, { want }), uploads.targets(uploadId, { want })])
    expect(s3.aborted).toEqual([])
    expect(moved).toEqual(['opened'])
  })

  test('in two processes agree on one, and the other one is aborted', async () => {
    const direct = { ...parts, transport: 'direct' as const }
    const [one, other] = [new Uploads(direct), new Uploads(direct)]
    const uploadId = await begin(one)
    const want = [{ part: 1 }]
    const found = await Promise.all([one, other].map((uploads) => uploads.targets(uploadId, { want })))
    const kept = (await sessionOf(uploadId))?.multipartId ?? ''
    expect([...s3.multiparts.keys()]).toEqual([kept])
    expect(['multipart 1', 'multipart 2'].filter((id) => id !== kept)).toEqual(s3.aborted)
    for (const { targets } of found) expect(targets[0]?.url).toContain(kept)
    expect([moved, logged]).toEqual([['opened'], ['upload opened']])
  })

  test('find it cancelled meanwhile, and leave nothing in S3', async () => {
    const uploads = new Uploads({ ...parts, transport: 'direct' })
    const uploadId = await begin(uploads)
    const start = s3.begin.bind(s3)
    s3.begin = async (...args) => {
      const id = await start(...args)
      await uploads.remove(uploadId)
      return id
    }
    await expect(uploads.targets(uploadId, { want: [{ part: 1 }] })).rejects.toMatchObject({
      code: 'upload-aborted',
    })
    expect(s3.aborted).toEqual(['multipart 1'])
  })
})

describe('targets', () => {
  test('of an upload whose parts come through here have no address', async () => {
    const uploads = new Uploads(parts)
    const uploadId = await begin(uploads)
    const { targets } = await uploads.targets(uploadId, { want: [{ part: 1 }] })
    expect(targets).toMatchObject([{ part: 1, url: undefined }])
  })

  test.each([
    [true, [{ part: 1, crc32: CRC }]],
    [false, [{ part: 1 }]],
  ])('decide whether S3 verifies checksums: %s', async (summed, want) => {
    const uploads = new Uploads({ ...parts, transport: 'direct' })
    const uploadId = await begin(uploads)
    const { targets } = await uploads.targets(uploadId, { want })
    expect(targets[0]?.url).toContain('https://s3/')
    expect(await sessionOf(uploadId)).toMatchObject({ state: 'open', transport: 'direct', summed })
    expect(s3.multipartOf(uploadId)?.summed).toBe(summed)
    expect((await uploads.look(uploadId)).session.state).toBe('open')
  })

  test('of which one tells a checksum have S3 verify all of them', async () => {
    const uploads = new Uploads({ ...parts, transport: 'direct' })
    const uploadId = await begin(uploads)
    await uploads.targets(uploadId, { want: [{ part: 1 }, { part: 2, crc32: CRC }] })
    expect(s3.multipartOf(uploadId)?.summed).toBe(true)
  })

  test('begin one multipart upload, however often they are asked for', async () => {
    const uploads = new Uploads({ ...parts, transport: 'direct' })
    const uploadId = await begin(uploads)
    for (let times = 0; times < 2; times++) await uploads.targets(uploadId, { want: [{ part: 1 }] })
    expect([...s3.multiparts.keys()]).toEqual(['multipart 1'])
    expect(s3.aborted).toEqual([])
  })

  test('are none once the upload is complete', async () => {
    const uploads = new Uploads(parts)
    const uploadId = await begin(uploads)
    await send(uploads, uploadId)
    await uploads.complete(uploadId)
    expect((await uploads.targets(uploadId, { want: [{ part: 1 }] })).targets).toEqual([])
    const another = await begin(uploads)
    await stores.uploads.change(another, ['open'], { state: 'completing' })
    expect((await uploads.targets(another, { want: [{ part: 1 }] })).targets).toEqual([])
  })

  test('are refused once it is cancelled', async () => {
    const uploads = new Uploads(parts)
    const uploadId = await begin(uploads)
    await uploads.remove(uploadId)
    await expect(uploads.targets(uploadId, { want: [{ part: 1 }] })).rejects.toMatchObject({
      code: 'upload-aborted',
    })
    await expect(uploads.target(uploadId, 1)).rejects.toMatchObject({ code: 'upload-aborted' })
  })

  test('have the upload live longer', async () => {
    const uploads = new Uploads(parts)
    const uploadId = await begin(uploads)
    await clock.advance(2 * HOUR_MS)
    await uploads.targets(uploadId, { want: [{ part: 1 }] })
    expect(await sessionOf(uploadId)).toMatchObject({ expiresAt: clock.now() + 25 * HOUR_MS })
  })

  test('of one part are told though it is stored, since the answer may have been lost', async () => {
    const uploads = new Uploads(parts)
    const uploadId = await begin(uploads)
    await send(uploads, uploadId, [1])
    expect(await uploads.target(uploadId, 1)).toMatchObject({ part: 1, size: MiB })
  })
})

describe('a client that cuts files in its own way', () => {
  test('is followed as long as nothing is stored', async () => {
    const uploads = new Uploads(parts)
    const uploadId = await begin(uploads)
    await uploads.adopt(uploadId, (size) => size - 1)
    expect((await uploads.look(uploadId)).session).toMatchObject({ partSize: WHOLE.length - 1, partCount: 2 })
    expect([...s3.multiparts.keys()]).toEqual(['multipart 1'])
    expect(s3.aborted).toEqual([])
  })

  test('is not followed any more once something is', async () => {
    const uploads = new Uploads(parts)
    const uploadId = await begin(uploads)
    await send(uploads, uploadId, [1])
    await uploads.adopt(uploadId, () => WHOLE.length)
    expect((await uploads.find(uploadId)).session).toMatchObject({ partSize: MiB, partCount: 3 })
  })

  test('has the multipart upload begun, without checksums', async () => {
    const uploads = new Uploads({ ...parts, transport: 'direct' })
    const uploadId = await begin(uploads)
    await uploads.adopt(uploadId, () => MiB)
    expect(await sessionOf(uploadId)).toMatchObject({ state: 'open', transport: 'direct', summed: false })
  })

  test('cannot take up an upload that is complete', async () => {
    const uploads = new Uploads(parts)
    const uploadId = await begin(uploads)
    await send(uploads, uploadId)
    await uploads.complete(uploadId)
    await expect(uploads.adopt(uploadId, () => WHOLE.length)).rejects.toMatchObject({ code: 'part-conflict' })
  })
})

describe('an upload that is completed', () => {
  let uploads: Uploads
  let uploadId: string
  beforeEach(async () => {
    uploads = new Uploads(parts)
    uploadId = await begin(uploads)
  })

  test('says what it holds, the same every time', async () => {
    await send(uploads, uploadId)
    expect(await uploads.complete(uploadId, CRC)).toEqual(newMedia())
    expect(await uploads.complete(uploadId)).toEqual(newMedia())
    expect((await uploads.look(uploadId)).session.state).toBe('ready')
    expect(moved).toEqual(['opened', 'ready'])
  })

  test('is completed once for all who ask at the same time', async () => {
    await send(uploads, uploadId)
    let inspections = 0
    parts.inspect = () => Promise.resolve(newMedia({ chapters: ++inspections }))
    const all = await Promise.all([uploads.complete(uploadId), uploads.complete(uploadId)])
    expect(all.map(({ chapters }) => chapters)).toEqual([1, 1])
  })

  test('is compared with what each of them announced', async () => {
    await send(uploads, uploadId)
    const answers = await Promise.allSettled([
      uploads.complete(uploadId, CRC.toUpperCase()),
      uploads.complete(uploadId, '00000000'),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    await expect(uploads.complete(uploadId, '00000000')).rejects.toMatchObject({ code: 'checksum-mismatch' })
  })

  test('is compared with what was announced at its beginning', async () => {
    const other = await begin(uploads, { crc32: '00000000' })
    await send(uploads, other)
    await expect(uploads.complete(other)).rejects.toMatchObject({ code: 'checksum-mismatch' })
  })

  test('is not compared where nobody knows its checksum', async () => {
    const direct = new Uploads({ ...parts, transport: 'direct' })
    const other = await begin(direct)
    await direct.targets(other, { want: [{ part: 1 }] })
    for (const part of [1, 2, 3]) s3.putDirectly(other, part, WHOLE.subarray((part - 1) * MiB, part * MiB))
    await direct.complete(other)
    expect(await direct.complete(other, '00000000')).toEqual(newMedia())
  })

  test('misses all parts where none was ever asked for', async () => {
    const other = await begin(new Uploads({ ...parts, transport: 'direct' }))
    await expect(uploads.complete(other)).rejects.toMatchObject({ facts: { missing: '1-3' } })
  })

  test('costs one read, once it is', async () => {
    await send(uploads, uploadId)
    await uploads.complete(uploadId)
    stores.takeCalls()
    await uploads.complete(uploadId)
    expect(stores.takeCalls()).toEqual(['uploads Get'])
  })

  test('may go on when parts are missing', async () => {
    await send(uploads, uploadId, [1, 3])
    await expect(uploads.complete(uploadId)).rejects.toMatchObject({ facts: { missing: '2' } })
    await send(uploads, uploadId, [2])
    expect(await uploads.complete(uploadId)).toEqual(newMedia())
  })

  test('tells each time why it was refused', async () => {
    await send(uploads, uploadId)
    parts.inspect = () => Promise.reject(new SourceRefused('not-audio', 'This is a picture.'))
    await expect(uploads.complete(uploadId)).rejects.toMatchObject({ code: 'not-audio' })
    stores.takeCalls()
    await expect(uploads.complete(uploadId)).rejects.toMatchObject({ code: 'not-audio' })
    expect(stores.takeCalls()).toEqual(['uploads Get'])
  })

  test.each([
    ['ready', { state: 'ready' as const, media: newMedia({ codec: 'first' }) }, undefined],
    [
      'refused',
      { state: 'failed' as const, refusal: { code: 'too-long' as const, message: 'm' } },
      'too-long',
    ],
    ['cancelled', { state: 'aborted' as const }, 'upload-aborted'],
  ])('may be %s by the time it is its turn: nothing is done again', async (_, values, code) => {
    const open = await sessionOf(uploadId)
    await stores.uploads.change(uploadId, ['open'], values)
    parts.repository = {
      add: (session) => stores.uploads.add(session),
      change: (...args) => stores.uploads.change(...args),
      keep: (...args) => stores.uploads.keep(...args),
      findSession: () => Promise.resolve(open),
    }
    parts.inspect = () => Promise.reject(new Error('It was inspected.'))
    const completing = new Uploads(parts).complete(uploadId)
    if (code === undefined) expect(await completing).toMatchObject({ codec: 'first' })
    else await expect(completing).rejects.toMatchObject({ code })
    expect(logged).toEqual(['upload opened'])
  })

  test('cannot be, once it is cancelled', async () => {
    await uploads.remove(uploadId)
    await expect(uploads.complete(uploadId)).rejects.toMatchObject({ code: 'upload-aborted' })
  })

  test('may be taken up by another process while the first one is still at it', async () => {
    await send(uploads, uploadId)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    parts.inspect = async () => {
      await promise
      return newMedia()
    }
    const first = uploads.complete(uploadId)
    await settled()
    const second = new Uploads({ ...parts, inspect: () => Promise.resolve(newMedia()) }).complete(uploadId)
    expect(await second).toEqual(newMedia())
    resolve(undefined)
    expect(await first).toEqual(newMedia())
    expect(moved).toEqual(['opened', 'ready'])
  })
})

describe('an upload that is removed', () => {
  test('leaves nothing in the stores, whether it is under way or ready', async () => {
    for (const isComplete of [false, true]) {
      const uploads = new Uploads(parts)
      const uploadId = await begin(uploads)
      await send(uploads, uploadId)
      if (isComplete) await uploads.complete(uploadId)
      await uploads.remove(uploadId)
      expect(await sessionOf(uploadId)).toMatchObject({ state: 'aborted' })
      expect((await stores.parts.read(uploadId))?.parts).toEqual([])
      expect([s3.multiparts.size, s3.objects.size]).toEqual([0, 0])
    }
  })

  test('is told as cancelled at once', async () => {
    const uploads = new Uploads(parts)
    const uploadId = await begin(uploads)
    await uploads.look(uploadId)
    await uploads.remove(uploadId)
    expect((await uploads.look(uploadId)).session.state).toBe('aborted')
  })

  test.each(['creating', 'open', 'completing', 'ready', 'failed', 'aborting'] as const)(
    'may be %s before',
    async (state) => {
      const uploads = new Uploads(parts)
      const uploadId = await begin(uploads)
      await stores.uploads.change(uploadId, ['open'], { state })
      await uploads.remove(uploadId)
      expect(await sessionOf(uploadId)).toMatchObject({ state: 'aborted' })
    },
  )

  test('may be removed again, and so may what nobody knows; each is counted once', async () => {
    const uploads = new Uploads(parts)
    const uploadId = await begin(uploads)
    for (const id of [uploadId, uploadId, newId()]) await uploads.remove(id)
    stores.takeCalls()
    await uploads.remove('nothing')
    expect(stores.takeCalls()).toEqual([])
    expect(moved).toEqual(['opened', 'removed'])
  })
})

test('each step in the life of an upload is logged once', async () => {
  const uploads = new Uploads(parts)
  const uploadId = await begin(uploads)
  await send(uploads, uploadId)
  await uploads.complete(uploadId)
  await uploads.remove(uploadId)
  expect(logged).toEqual(['upload opened', 'upload completing', 'upload ready', 'upload removed'])
})

test('a finished upload may be claimed by those who convert it', async () => {
  const uploads = new Uploads(parts)
  const uploadId = await begin(uploads)
  await send(uploads, uploadId)
  await uploads.complete(uploadId)
  const { session } = await uploads.sources.claim(uploadId, clock.now() + 9 * HOUR_MS)
  expect(session.uploadId).toBe(uploadId)
  expect(await sessionOf(uploadId)).toMatchObject({ expiresAt: clock.now() + 9 * HOUR_MS + HOUR_MS / 8 })
})
