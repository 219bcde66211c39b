import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { KiB, MiB } from '../kernel/units.ts'
import { readZip, zipSize, type ZippedFile } from './result-zip.ts'

/** Without the name (APPNOTE 6.3.10, 4.3.7). */
const LOCAL_HEADER_BYTES = 30
const PIECE = Buffer.alloc(64 * KiB, 'la')
/** What the streams on the way hold, however large the files are. */
const MOST_READ_AHEAD_BYTES = 8 * PIECE.length

/** Files of so many pieces, in a zip; which of them were opened, and how many bytes were asked of them. */
function zipOf(...pieceCounts: number[]) {
  const opened: Readable[] = []
  const given = { bytes: 0 }
  function* pieces(count: number) {
    for (let at = 0; at < count; at++) {
      given.bytes += PIECE.length
      yield PIECE
    }
  }
  const files = pieceCounts.map((count, at): ZippedFile => {
    const open = () => {
      const body = Readable.from(pieces(count), { objectMode: false })
      opened.push(body)
      return Promise.resolve(body)
    }
    return { name: `${at}.wav`, lastModified: new Date(0), size: count * PIECE.length, open }
  })
  return { files, opened, given }
}

test('a zip is as long as was said before, and has the bytes as they are', async () => {
  const { files } = zipOf(1, 0, 3)
  const zip = await buffer(readZip(files))
  expect(BigInt(zip.length)).toBe(zipSize(files))
  const [{ name } = { name: '' }] = files
  const start = LOCAL_HEADER_BYTES + name.length
  expect(zip.subarray(start, start + PIECE.length).equals(PIECE)).toBe(true)
})

test('files are read as the zip is, and not before', async () => {
  const { files, given } = zipOf(10 * (MiB / PIECE.length))
  let read = 0
  for await (const piece of readZip(files) as AsyncIterable<Buffer>) {
    read += piece.length
    expect(given.bytes - read).toBeLessThan(MOST_READ_AHEAD_BYTES)
  }
  expect(read).toBeGreaterThan(10 * MiB)
})

test('a file is opened when the one before it has been read to its end', async () => {
  const { files, opened } = zipOf(20, 20, 20)
  const watched = files.map((file) => ({
    ...file,
    open() {
      expect(opened.every(({ readableEnded }) => readableEnded)).toBe(true)
      return file.open()
    },
  }))
  await buffer(readZip(watched))
  expect(opened).toHaveLength(3)
})

test('who leaves in the middle closes the file that is open, and opens no other', async () => {
  const { files, opened } = zipOf(100, 100)
  const zip = readZip(files)
  await once(zip, 'readable')
  const [body] = opened
  if (!body) throw new Error('Nothing was opened.')
  const closed = once(body, 'close')
  zip.destroy()
  await closed
  expect(body.readableEnded).toBe(false)
  expect(opened).toHaveLength(1)
})

test('who leaves while a file is being opened has it closed as soon as it is open', async () => {
  const { files, opened } = zipOf(1)
  const [asked, answer] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
  const slow = files.map((file) => ({
    ...file,
    async open() {
      asked.resolve(undefined)
      await answer.promise
      return file.open()
    },
  }))
  const zip = readZip(slow)
  await asked.promise
  zip.destroy()
  answer.resolve(undefined)
  while (!opened[0]?.destroyed) await nextTurn()
  expect(opened[0].readableEnded).toBe(false)
})

test.each([-1, 1])('a file that is %i byte longer than it was said to be fails the zip', async (more) => {
  const { files, opened } = zipOf(2, 2)
  const wrong = files.map((file, at) => (at === 0 ? { ...file, size: file.size - more } : file))
  await expect(buffer(readZip(wrong))).rejects.toThrow('size')
  expect(opened).toHaveLength(1)
  expect(opened[0]?.destroyed).toBe(true)
})

test('a file that cannot be opened, or breaks off, fails the zip with its own error', async () => {
  const [whole] = zipOf(1).files
  if (!whole) throw new Error('There is one.')
  const broken = new Readable({ read: () => void broken.destroy(new Error('The line is dead.')) })
  const unreadable: ZippedFile['open'][] = [
    () => Promise.reject(new Error('The line is dead.')),
    () => Promise.resolve(broken),
  ]
  for (const open of unreadable)
    await expect(buffer(readZip([whole, { ...whole, open }]))).rejects.toThrow('The line is dead.')
})
