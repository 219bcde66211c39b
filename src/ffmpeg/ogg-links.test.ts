import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isChain } from './ogg-links.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tapedeck-links-'))
})
afterAll(() => rm(folder, { recursive: true }))

const [BEGINS, GOES_ON, ENDS] = [2, 0, 4]
/** Pages of such types, of which only the name, the version and the type are looked at. */
const pages = (types: readonly number[], bytes = 100) =>
  Buffer.concat(
    types.map((type) => Buffer.from([...Buffer.from('OggS\0'), type, ...Buffer.alloc(bytes - 6, 7)])),
  )

async function chained(bytes: Buffer): Promise<boolean> {
  const file = path.join(folder, 'file')
  await writeFile(file, bytes)
  return isChain(file)
}

test('streams that begin together are one link; one that begins after the first went on is another', async () => {
  expect(await chained(pages([BEGINS, GOES_ON, ENDS]))).toBe(false)
  expect(await chained(pages([BEGINS, BEGINS, GOES_ON, GOES_ON, ENDS, ENDS]))).toBe(false)
  expect(await chained(pages([BEGINS, GOES_ON, ENDS, BEGINS, GOES_ON, ENDS]))).toBe(true)
  expect(await chained(Buffer.alloc(0))).toBe(false)
})

test('a page is found wherever the border between two chunks cuts its header', async () => {
  const first = pages([BEGINS, GOES_ON])
  for (let cut = 0; cut <= 6; cut += 1) {
    const filled = Buffer.concat([first, Buffer.alloc((1 << 20) - first.length - cut)])
    expect(await chained(Buffer.concat([filled, pages([BEGINS])]))).toBe(true)
    expect(await chained(Buffer.concat([filled, pages([ENDS])]))).toBe(false)
  }
})
