import { expect, test } from 'vitest'
import { crc32 } from 'node:zlib'
import { failure, noise, setUp } from './client.ts'
import { PART } from './upload-server.ts'

const TARGETS = 'POST /uploads/:id/targets'
const once = (code: string) => {
  let left = 1
  return () => (left-- > 0 ? code : undefined)
}

test('parts go straight to a store elsewhere, with the checksum their target was made for', async () => {
  await using deck = await setUp({ direct: true })
  await deck.upload()
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
  expect(deck.server.count(PART)).toBe(0)
  expect(deck.server.store.puts).toHaveLength(10)
  expect(deck.slept).toEqual([])
})

test('once parts were left out for want of their checksum, parts are asked for one by one', async () => {
  await using deck = await setUp({ direct: true })
  await deck.upload()
  const [first = [], ...others] = deck.server.wants
  expect(first).toHaveLength(10)
  expect(first.filter((want) => want.crc32)).toHaveLength(1)
  expect(others).toHaveLength(9)
  for (const [want, ...more] of others) {
    expect(want?.crc32).toMatch(/^[0-9a-f]{8}$/)
    expect(more).toEqual([])
  }
})

test('the server is told the checksum of the bytes that are sent, wherever they go', async () => {
  await using deck = await setUp({ partSize: 5000 })
  await deck.upload({ maxParallel: 1 })
  const [[want] = []] = deck.server.wants
  expect(want).toEqual({ part: 1, crc32: crc32(deck.bytes.slice(0, 5000)).toString(16).padStart(8, '0') })
})

test('the bytes of a part are read once a try', async () => {
  await using deck = await setUp({ direct: true, partSize: 5000 })
  let reads = 0
  const slice = deck.source.slice.bind(deck.source)
  deck.source.slice = (...range) => {
    reads++
    return slice(...range)
  }
  deck.server.store.fault(once('SlowDown'))
  await deck.upload()
  expect(deck.server.store.puts).toHaveLength(3)
  expect(reads).toBe(3)
})

test.each([['BadDigest'], ['AccessDenied']])(
  '%s of the store asks for a new target and sends the part again',
  async (code) => {
    await using deck = await setUp({ direct: true }, noise(500))
    deck.server.store.fault(once(code))
    await deck.upload()
    expect(deck.server.count(TARGETS)).toBe(2)
    expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
  },
)

test('a store that lets nothing through is given up in the end', async () => {
  await using deck = await setUp({ direct: true }, noise(500))
  deck.server.store.fault(() => 'AccessDenied')
  expect(await failure(deck.upload())).toMatchObject({ code: 'unreachable' })
})

test('an upload is taken up again at the store', async () => {
  await using deck = await setUp({ direct: true })
  const upload = deck.start({ maxParallel: 1 })
  deck.server.store.fault(({ part }) => {
    if (part === 5) upload.pause()
    return undefined
  })
  await expect.poll(() => deck.states.at(-1)).toBe('paused')
  await deck.upload({ resumeId: 'up-0' })
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
  upload.cancel()
  await failure(upload.finished)
})
