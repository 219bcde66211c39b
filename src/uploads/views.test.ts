import { describe, expect, test } from 'vitest'
import { newMedia, newSession } from '../../test/support/uploads.ts'
import type { Session, StoredPart } from './upload.ts'
import { partView, signedPath, targetsView, uploadProgressView, uploadView } from './views.ts'

const NOW = 1_000_000
const part = (number: number, at = NOW, size = 10): StoredPart => ({ part: number, size, etag: 'e', at })
const session = (values: Partial<Session> = {}) => newSession(0, values)

describe('an upload as it is told', () => {
  test('has its cut, what was received of it, and when it ends', () => {
    const { uploadId, ...rest } = session()
    expect(uploadView({ session: { uploadId, ...rest }, parts: [part(1), part(2)] })).toEqual({
      id: uploadId,
      state: 'open',
      name: 'song.wav',
      size: 25,
      partSize: 10,
      partCount: 3,
      maxParallel: 6,
      received: '1-2',
      bytesReceived: 20,
      progress: 80,
      expiresAt: new Date(rest.expiresAt).toISOString(),
    })
  })

  test.each([
    ['creating', 'open'],
    ['completing', 'completing'],
    ['ready', 'ready'],
    ['aborting', 'aborted'],
    ['aborted', 'aborted'],
    ['failed', 'failed'],
    ['deleting', 'expired'],
    ['gone', 'expired'],
  ] as const)('that is %s is told as %s', (state, told) => {
    expect(uploadView({ session: session({ state }), parts: [] }).state).toBe(told)
  })

  test('is whole once it is ready, even if its part rows are gone', () => {
    const ready = session({ state: 'ready', media: newMedia() })
    expect(uploadView({ session: ready, parts: [] })).toMatchObject({
      received: '1-3',
      bytesReceived: 25,
      progress: 100,
      media: newMedia(),
    })
  })

  test('has the cover that was sent, without its digest', () => {
    const cover = { digest: 'secret', mimeType: 'image/png' as const, size: 9 }
    expect(uploadView({ session: session({ cover }), parts: [] }).cover).toEqual({
      mimeType: 'image/png',
      size: 9,
    })
  })

  test('is at 100 percent only when every byte is there', () => {
    const large = session({ size: 100_000, partSize: 1, partCount: 100_000 })
    expect(uploadView({ session: large, parts: [part(1, NOW, 99_999)] }).progress).toBe(99.9)
  })
})

test('a part is told with what was received by then', () => {
  expect(partView(2, { session: session(), parts: [part(1), part(2)] })).toEqual({
    part: 2,
    received: '1-2',
    bytesReceived: 20,
  })
})

describe('targets', () => {
  const target = { part: 2, size: 10, headers: {}, expiresAt: NOW }
  const view = (url: string | undefined, sign: (at: number) => string | undefined) =>
    targetsView({ session: session(), parts: [part(1)] }, [{ ...target, url }], sign)

  test('are relative to the request, and signed until they end where keys are asked for', () => {
    expect(view(undefined, (at) => `until${at}`)).toEqual({
      targets: [
        {
          part: 2,
          size: 10,
          headers: {},
          method: 'PUT',
          url: `parts/2?access=until${NOW}`,
          expiresAt: new Date(NOW).toISOString(),
        },
      ],
      received: '1',
    })
  })

  test('are plain where no keys are asked for, and those of S3 are as S3 has them', () => {
    expect(view(undefined, () => undefined).targets[0]?.url).toBe('parts/2')
    expect(view('https://s3/2', () => 'a').targets[0]?.url).toBe('https://s3/2')
  })

  test('have nothing added to their path where nothing is signed', () => {
    expect(signedPath('parts/1', undefined)).toBe('parts/1')
  })
})

describe('the progress of an upload', () => {
  const progress = (parts: StoredPart[], values: Partial<Session> = {}, asOf = NOW) =>
    uploadProgressView({
      session: session({ size: 1000, partSize: 10, partCount: 100, ...values }),
      parts,
      asOf,
      stale: false,
    })
  const rateOf = (parts: StoredPart[]) => progress(parts).bytesPerSecond

  test('tells parts, bytes, and when something last happened', () => {
    expect(progress([part(1, NOW - 7), part(2, NOW - 9)], { updatedAt: 5 })).toMatchObject({
      progress: 2,
      bytesReceived: 20,
      partsReceived: 2,
      partCount: 100,
      size: 1000,
      stale: false,
      updatedAt: new Date(NOW - 7).toISOString(),
      asOf: new Date(NOW).toISOString(),
    })
    expect(progress([], { updatedAt: 5 }).updatedAt).toBe(new Date(5).toISOString())
  })

  test('has all parts once it is ready', () => {
    expect(progress([], { state: 'ready' })).toMatchObject({ partsReceived: 100, progress: 100 })
  })

  test('has a rate when there are two parts a second apart, without the bytes of the first', () => {
    expect(rateOf([part(1, NOW - 2000)])).toBeNull()
    expect(rateOf([part(1, NOW - 999), part(2, NOW)])).toBeNull()
    expect(rateOf([part(1, NOW - 1000), part(2, NOW)])).toBe(10)
    expect(rateOf([part(1, NOW - 4000), part(2, NOW - 3000), part(3, NOW - 1000)])).toBe(5)
  })

  test('tells by its rate how long the rest takes', () => {
    expect(progress([part(1, NOW - 4000), part(2, NOW - 3000), part(3, NOW - 1000)]).etaMs).toBe(194_000)
    expect(progress([part(1)]).etaMs).toBeNull()
  })

  test('has a rate of the last half minute, where three parts came within it', () => {
    const long = [part(1, NOW - 30_000), part(2, NOW - 40_000), part(9, NOW - 29_999, 500)]
    const recent = [part(3, NOW - 20_000), part(4, NOW - 10_000), part(5, NOW)]
    expect(rateOf([...recent, ...long.slice(0, 2)])).toBe(1)
    expect(rateOf([...recent, ...long])).toBe(1)
  })

  test('has the rate of the last three parts on a slow line', () => {
    const slow = [part(4, NOW), part(1, NOW - 300_000), part(2, NOW - 200_000), part(3, NOW - 100_000)]
    expect(rateOf(slow.map((one) => ({ ...one, size: 1_000_000 })))).toBe(10_000)
  })

  test('has no rate while nothing is sent', () => {
    expect(progress([part(1, NOW - 2000), part(2)], { state: 'completing' })).toMatchObject({
      bytesPerSecond: null,
      etaMs: null,
    })
  })
})
