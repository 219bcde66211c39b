import { expect, test, vi } from 'vitest'
import { UploadFailed, type BegunUpload, type Upload } from '../../../src/client/index.ts'
import type { Media } from '../../../src/contract/media.ts'
import { ApiProblem } from '../api-problem.ts'
import { Deck, type DeckParts } from './deck.ts'
import type { LookedAt } from './revive.ts'
import type { Track } from './track.ts'
import type { UploadCall } from './upload-line.ts'

const media: Media = {
  ...{ container: 'wav', codec: 'pcm_s16le', durationMs: 1000, sampleRateHz: 8000, channels: 1 },
  ...{ tags: {}, artwork: false, chapters: 0 },
}
const mp3 = { format: 'mp3', options: {} }
const picked = (name: string) => ({ file: new File(['abc'], name, { lastModified: 1 }) })

/** An upload that does what it is told. */
function fakeUpload(file: File, call: UploadCall) {
  const { promise: finished, resolve, reject } = Promise.withResolvers<{ id: string; media: Media }>()
  finished.catch(() => {})
  const upload = { finished, pause: vi.fn(), resume: vi.fn(), cancel: vi.fn() } satisfies Upload
  const id = `up-${file.name}`
  return {
    ...{ file, call, upload, id, reject },
    sent: () => call.on.state?.('sending', { id }),
    finish: async () => {
      call.on.state?.('finishing', { id })
      resolve({ id, media })
      await settled()
    },
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

function setUp(earlier: Track[] = [], patch: Partial<DeckParts> = {}) {
  const uploads: ReturnType<typeof fakeUpload>[] = []
  const begun = new Map<string, BegunUpload>()
  const parts: DeckParts = {
    upload: (file, call) => {
      const fake = fakeUpload(file, call)
      uploads.push(fake)
      return fake.upload
    },
    begun: {
      find: ({ name }) => Promise.resolve(begun.get(name)),
      remember: ({ name, size, lastModified }, uploadId) => {
        begun.set(name, { name, size, lastModified, uploadId })
        return Promise.resolve()
      },
      forget: ({ name }) => {
        begun.delete(name)
        return Promise.resolve()
      },
    },
    history: { load: () => earlier, save: () => {}, flush: () => {} },
    lookAt: vi.fn(),
    startJob: vi.fn(() => Promise.resolve({ id: 'job', name: 'a.mp3', expiresAt: '2027-01-01T00:00:00Z' })),
    cancelJob: vi.fn(() => Promise.resolve()),
    removeJob: vi.fn(() => Promise.resolve()),
    removeUpload: vi.fn(() => Promise.resolve()),
    ...patch,
  }
  const deck = new Deck(parts)
  const steps = () => deck.tracks().map(({ file, state }) => `${file.name} ${state.step}`)
  const keyOf = (name: string) => deck.tracks().find(({ file }) => file.name === name)?.key ?? ''
  return { deck, parts, uploads, begun, steps, keyOf }
}

/** A deck with one file that is being sent. */
async function sending() {
  const set = setUp()
  set.deck.add([picked('a')])
  await settled()
  set.uploads[0]?.sent()
  return set
}

test('files are sent one after the other, and the next while the server looks at the one before', async () => {
  const { deck, uploads, steps } = setUp()
  deck.add([picked('a'), picked('b')])
  await settled()
  expect(steps()).toEqual(['a uploading', 'b waiting'])
  uploads[0]?.call.on.state?.('finishing', { id: 'up-a' })
  expect(steps()).toEqual(['a checking', 'b uploading'])
  await uploads[0]?.finish()
  expect(steps()).toEqual(['a ready', 'b uploading'])
})

test('a paused file lets the next one pass, and goes on when it is its turn', async () => {
  const { deck, uploads, steps, keyOf } = setUp()
  deck.add([picked('a'), picked('b')])
  await settled()
  deck.pause(keyOf('a'))
  await settled()
  expect(steps()).toEqual(['a paused', 'b uploading'])
  deck.resume(keyOf('a'))
  expect(steps()).toEqual(['a waiting', 'b uploading'])
  await uploads[1]?.finish()
  expect(steps()).toEqual(['a uploading', 'b ready'])
  expect(uploads[0]?.upload.resume).toHaveBeenCalledOnce()
  expect(uploads.length).toBe(2)
})

test('what is asked for before a file is there is asked of the server once it is', async () => {
  const { deck, parts, uploads, steps, keyOf } = await sending()
  deck.convert(keyOf('a'), mp3)
  expect(parts.startJob).not.toHaveBeenCalled()
  await uploads[0]?.finish()
  expect(parts.startJob).toHaveBeenCalledWith({ uploadId: 'up-a', ...mp3 }, expect.any(String))
  expect(steps()).toEqual(['a converting'])
})

test('an order that is taken back is not carried out', async () => {
  const { deck, parts, uploads, steps, keyOf } = await sending()
  deck.convert(keyOf('a'), mp3)
  deck.hold(keyOf('a'))
  await uploads[0]?.finish()
  expect(parts.startJob).not.toHaveBeenCalled()
  expect(steps()).toEqual(['a ready'])
})

test('a cancelled file is forgotten, and a second try sends it anew and carries out what was asked for', async () => {
  const { deck, parts, uploads, begun, steps, keyOf } = await sending()
  deck.convert(keyOf('a'), mp3)
  deck.cancel(keyOf('a'))
  expect(uploads[0]?.upload.cancel).toHaveBeenCalledOnce()
  uploads[0]?.reject(new DOMException('Cancelled', 'AbortError'))
  await settled()
  expect([begun.size, ...steps()]).toEqual([0, 'a cancelled'])
  deck.retry(keyOf('a'))
  await settled()
  expect(uploads[1]?.call.resumeId).toBeUndefined()
  await uploads[1]?.finish()
  expect(steps()).toEqual(['a converting'])
  expect(parts.startJob).toHaveBeenCalledOnce()
})

test('a job that is there only after its cancel is cancelled', async () => {
  const asked = Promise.withResolvers<{ id: string; name: string; expiresAt: string }>()
  const { deck, parts, uploads, steps, keyOf } = setUp([], { startJob: () => asked.promise })
  deck.add([picked('a')])
  await settled()
  await uploads[0]?.finish()
  deck.convert(keyOf('a'), mp3)
  deck.cancel(keyOf('a'))
  asked.resolve({ id: 'late', name: 'a.mp3', expiresAt: '' })
  await settled()
  expect(steps()).toEqual(['a cancelled'])
  expect(parts.cancelJob).toHaveBeenCalledWith('late')
})

test('an upload that cannot be reached keeps its place, one that is refused does not', async () => {
  for (const [code, kept] of [
    ['unreachable', 'up-a'],
    ['not-audio', undefined],
  ] as const) {
    const { deck, uploads, keyOf } = await sending()
    uploads[0]?.reject(new UploadFailed(code, 'no'))
    await settled()
    expect(deck.tracks()[0]).toMatchObject({ state: { step: 'refused', code } })
    deck.retry(keyOf('a'))
    await settled()
    expect(uploads[1]?.call.resumeId).toBe(kept)
  }
})

test('an upload that has expired meanwhile begins anew', async () => {
  const { deck, uploads, begun, steps } = setUp()
  begun.set('a', { name: 'a', size: 3, lastModified: 1, uploadId: 'old' })
  deck.add([picked('a')])
  await settled()
  expect(uploads[0]?.call.resumeId).toBe('old')
  uploads[0]?.reject(new UploadFailed('upload-expired', 'gone'))
  await settled()
  expect(uploads[1]?.call.resumeId).toBeUndefined()
  expect(steps()).toEqual(['a uploading'])
})

const earlier = (patch: Partial<Track>): Track => ({
  ...{ key: 'k', file: { name: 'a', size: 3, lastModified: 1 }, attempt: 1, uploaded: 50, edits: {} },
  ...{ begunId: 'up-a', state: { step: 'interrupted' } },
  ...patch,
})

test('a file of an earlier visit goes on in its row when it is given again', async () => {
  const { deck, uploads, steps } = setUp([earlier({})])
  deck.add([picked('a'), picked('b')])
  await settled()
  expect(steps()).toEqual(['a uploading', 'b waiting'])
  expect(uploads[0]?.call.resumeId).toBe('up-a')
})

test('another file in its place is refused', () => {
  const { deck, steps } = setUp([earlier({})])
  expect(deck.continueWith('k', picked('b'))).toBe(false)
  expect(steps()).toEqual(['a interrupted'])
})

test('a file that had arrived before the reload needs no file, and its order is carried out', async () => {
  const { deck, steps } = setUp([earlier({ wanted: mp3 })], {
    lookAt: (): Promise<LookedAt> => Promise.resolve({ state: 'ready', progress: 100, media }),
  })
  await deck.revive()
  await settled()
  expect(steps()).toEqual(['a converting'])
})

test('what was asked for while the page went is asked under the same key', async () => {
  const request = { uploadId: 'up-a', ...mp3 }
  const starting = earlier({
    uploadId: 'up-a',
    state: { step: 'starting', request, requestKey: 'same', wish: mp3 },
  })
  const { deck, parts } = setUp([starting])
  await deck.revive()
  expect(parts.startJob).toHaveBeenCalledWith(request, 'same')
})

test('what the server has no more is told, what it cannot tell now is left as it is', async () => {
  const gone = setUp([earlier({})], {
    lookAt: () => Promise.reject(new ApiProblem(410, 'upload-expired', '')),
  })
  await gone.deck.revive()
  expect(gone.deck.tracks()[0]).toMatchObject({ state: { code: 'upload-expired' }, begunId: undefined })
  const away = setUp([earlier({})], { lookAt: () => Promise.reject(new ApiProblem(0, 'unreachable', '')) })
  await away.deck.revive()
  expect(away.steps()).toEqual(['a interrupted'])
})

test('removing takes result and source off the server, and the source only with its last row', async () => {
  const { deck, parts, uploads, keyOf } = await sending()
  await uploads[0]?.finish()
  const another = deck.again(keyOf('a')) ?? ''
  deck.convert(another, mp3)
  await settled()
  await deck.remove(another)
  expect(parts.removeJob).toHaveBeenCalledWith('job')
  expect(parts.removeUpload).not.toHaveBeenCalled()
  await deck.remove(keyOf('a'))
  expect(parts.removeUpload).toHaveBeenCalledWith('up-a')
  expect(deck.tracks()).toEqual([])
})

test('a removal that fails leaves the row', async () => {
  const failing = { removeUpload: () => Promise.reject(new ApiProblem(0, 'unreachable', '')) }
  const { deck, uploads, steps, keyOf } = setUp([], failing)
  deck.add([picked('a')])
  await settled()
  await uploads[0]?.finish()
  await expect(deck.remove(keyOf('a'))).rejects.toThrow(ApiProblem)
  expect(steps()).toEqual(['a ready'])
})
