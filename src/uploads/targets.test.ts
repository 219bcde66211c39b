import { beforeEach, describe, expect, test } from 'vitest'
import { MemorySourceStore } from '../../test/support/memory-source-store.ts'
import { newSession } from '../../test/support/uploads.ts'
import { findTargets } from './targets.ts'
import type { Session, StoredPart } from './upload.ts'

const NOW = 1_000_000
const HOUR_MS = 3_600_000
const CRC = '0a0b0c0d'

let s3: MemorySourceStore
beforeEach(() => {
  s3 = new MemorySourceStore({ now: () => NOW })
})

const stored = (part: number, crc32?: string): StoredPart => ({
  part,
  size: 10,
  etag: 'e',
  at: 1,
  ...(crc32 !== undefined && { crc32 }),
})

function targets(
  values: Partial<Session>,
  want: { part: number; crc32?: string }[],
  parts: StoredPart[] = [],
) {
  const session = newSession(NOW, { expiresAt: NOW + 2 * HOUR_MS, ...values })
  return findTargets(s3, { session, parts }, want, NOW)
}

describe('parts that come through this service', () => {
  test('have a target without an address, as long as the upload lives', async () => {
    expect(await targets({}, [{ part: 1 }, { part: 3 }])).toEqual([
      { part: 1, size: 10, url: undefined, expiresAt: NOW + 2 * HOUR_MS, headers: {} },
      { part: 3, size: 5, url: undefined, expiresAt: NOW + 2 * HOUR_MS, headers: {} },
    ])
  })

  test('are to be sent with the checksum that was told', async () => {
    const [target] = await targets({}, [{ part: 1, crc32: CRC }])
    expect(target?.headers).toEqual({ 'x-part-crc32': CRC })
  })

  test('are those of a direct upload, too, whose multipart upload has not begun', async () => {
    const [target] = await targets({ transport: 'direct', multipartId: undefined }, [{ part: 1 }])
    expect(target).toMatchObject({ url: undefined })
  })
})

describe('parts that go straight to S3', () => {
  const direct = { transport: 'direct' as const }

  test('have a signed address for an hour, and only their size is signed', async () => {
    const [target] = await targets(direct, [{ part: 3, crc32: CRC }])
    expect(target).toMatchObject({ part: 3, size: 5, headers: {}, expiresAt: NOW + HOUR_MS })
    expect(target?.url).toContain('/multipart/3?size=5')
  })

  test('have one for no longer than the upload lives', async () => {
    const [target] = await targets({ ...direct, expiresAt: NOW + 5 }, [{ part: 1 }])
    expect(target).toMatchObject({ expiresAt: NOW + 5 })
  })

  test('have their checksum signed where S3 verifies it', async () => {
    const [target] = await targets({ ...direct, summed: true }, [{ part: 1, crc32: CRC }])
    expect(target).toMatchObject({ headers: { checksum: CRC } })
  })

  test('have none where S3 verifies checksums and theirs was not told', async () => {
    const found = await targets({ ...direct, summed: true }, [{ part: 1 }, { part: 2, crc32: CRC }])
    expect(found.map(({ part }) => part)).toEqual([2])
  })

  test('are refused where none of them came with its checksum', async () => {
    const wanted = [{ part: 1 }, { part: 2 }]
    for (const want of [wanted, [{ part: 1 }]])
      await expect(targets({ ...direct, summed: true }, want)).rejects.toMatchObject({
        code: 'checksum-required',
      })
    const allStored = [stored(1), stored(2)]
    expect(await targets({ ...direct, summed: true }, wanted, allStored)).toEqual([])
  })
})

describe('parts that are stored', () => {
  test('need no target', async () => {
    const found = await targets({}, [{ part: 1 }, { part: 2 }], [stored(1)])
    expect(found.map(({ part }) => part)).toEqual([2])
  })

  test('tell a client that has another file, before it sends a byte', async () => {
    await expect(targets({}, [{ part: 1, crc32: CRC }], [stored(1, '00000000')])).rejects.toMatchObject({
      code: 'part-conflict',
    })
  })

  test('are the same in capital letters, or where no checksum is known', async () => {
    const capital = CRC.toUpperCase()
    expect(await targets({}, [{ part: 1, crc32: capital }], [stored(1, CRC)])).toEqual([])
    expect(await targets({}, [{ part: 1, crc32: CRC }], [stored(1)])).toEqual([])
    expect(await targets({}, [{ part: 1 }], [stored(1, CRC)])).toEqual([])
  })
})

test('a part that the upload has not is out of range', async () => {
  for (const part of [0, 4])
    await expect(targets({}, [{ part: 1 }, { part }])).rejects.toMatchObject({ code: 'part-out-of-range' })
})
