import { expect, test } from 'vitest'
import { failure, noise, setUp } from './client.ts'
import { MEDIA, PART } from './upload-server.ts'

const COMPLETE = 'POST /uploads/:id/complete'

test('only what is missing is sent when an upload is taken up again', async () => {
  await using deck = await setUp()
  deck.server.fault(({ part }) => {
    if (part === 7) throw new Error('the line is cut')
    return false
  })
  const leave = new Error('the page was closed')
  const whenOnline = () => Promise.reject(leave)
  expect(await failure(deck.upload({ maxParallel: 1, whenOnline }))).toBe(leave)
  deck.server.clearFaults()
  deck.server.seen.length = 0
  await deck.upload({ resumeId: 'up-0' })
  expect(deck.server.count('POST /uploads')).toBe(0)
  const sent = deck.server.seen.filter(({ route }) => route === PART).map(({ part }) => part)
  expect(sent.sort((a, b) => a - b)).toEqual([7, 8, 9, 10])
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
})

test('an upload that is finished already is not sent again', async () => {
  await using deck = await setUp()
  await deck.upload()
  deck.server.seen.length = 0
  await expect(deck.upload({ resumeId: 'up-0' })).resolves.toEqual({ id: 'up-0', media: MEDIA })
  expect(deck.server.count(PART)).toBe(0)
  expect(deck.progress.at(-1)).toBe(1)
})

test('another file is not sent into an upload that was begun with a different one', async () => {
  await using deck = await setUp()
  await deck.upload()
  await using other = await setUp({}, noise(77))
  expect(await failure(other.upload({ baseUrl: deck.server.baseUrl, resumeId: 'up-0' }))).toMatchObject({
    code: 'file-changed',
  })
})

test('parts the server turns out to lack at the end are sent again, also when that happens more than once', async () => {
  await using deck = await setUp()
  let times = 0
  deck.server.fault(({ route }) => {
    if (route === COMPLETE && ++times <= 3) {
      for (const part of [3, 9, 10]) deck.server.uploads.get('up-0')?.parts.delete(part)
    }
    return false
  })
  await deck.upload()
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
  expect(deck.server.count(PART)).toBe(19)
})

test('parts that go missing each time are sent again a few times and no more', async () => {
  await using deck = await setUp()
  deck.server.fault(({ route }) => {
    if (route === COMPLETE) deck.server.uploads.get('up-0')?.parts.delete(3)
    return false
  })
  expect(await failure(deck.upload())).toMatchObject({ code: 'parts-missing' })
  expect(deck.server.count(COMPLETE)).toBe(5)
  expect(deck.server.count(PART)).toBe(14)
})

test('a file whose stored part has other bytes is not the one that was begun, and nothing of it is sent', async () => {
  await using deck = await setUp()
  await deck.begin([4, 5])
  const other = deck.bytes.map((byte) => byte ^ 1)
  await using later = await setUp({}, other)
  const resumed = later.upload({ baseUrl: deck.server.baseUrl, resumeId: 'up-0' })
  expect(await failure(resumed)).toMatchObject({ code: 'file-changed' })
  expect(deck.server.wants).toEqual([[{ part: 4, crc32: expect.any(String) as string }]])
  expect(deck.server.count(PART)).toBe(0)
  expect(deck.server.uploads.get('up-0')?.state).toBe('open')
})

test('the same file goes on after one of its parts was compared', async () => {
  await using deck = await setUp()
  await deck.begin([4, 5])
  await deck.upload({ resumeId: 'up-0' })
  expect(deck.server.wants[0]).toEqual([{ part: 4, crc32: expect.any(String) as string }])
  expect(deck.server.count(PART)).toBe(8)
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
})

test('a part that is stored with other bytes meanwhile ends the upload: two files cannot be one', async () => {
  await using deck = await setUp()
  deck.server.fault(({ route, part }) => {
    if (route === PART && part === 2) deck.server.uploads.get('up-0')?.parts.set(2, Buffer.alloc(1000))
    return false
  })
  expect(await failure(deck.upload())).toMatchObject({ code: 'file-changed' })
  expect(deck.server.count(COMPLETE)).toBe(0)
})

test('an upload that somebody else finishes meanwhile ends as it did there', async () => {
  await using deck = await setUp()
  deck.server.fault(({ route, part }) => {
    const upload = deck.server.uploads.get('up-0')
    if (route !== PART || part !== 6 || !upload) return false
    for (let all = 1; all <= 10; all++) upload.parts.set(all, deck.part(all))
    upload.state = 'ready'
    return false
  })
  await expect(deck.upload()).resolves.toEqual({ id: 'up-0', media: MEDIA })
})

test.each([['expired'], ['aborted']] as const)(
  'an upload that is %s is not taken up again',
  async (state) => {
    await using deck = await setUp()
    await deck.begin([1])
    Object.assign(deck.server.uploads.get('up-0') ?? {}, { state })
    expect(await failure(deck.upload({ resumeId: 'up-0' }))).toMatchObject({ code: `upload-${state}` })
  },
)
