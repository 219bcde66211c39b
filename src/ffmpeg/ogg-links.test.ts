import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linksOf, partsOfOneKind } from './ogg-links.ts'

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

async function written(bytes: Buffer): Promise<string> {
  const file = path.join(folder, 'file')
  await writeFile(file, bytes)
  return file
}
const links = async (bytes: Buffer) => linksOf(await written(bytes))

test('streams that begin together are one link; one that begins after the first went on is another', async () => {
  expect(await links(pages([BEGINS, GOES_ON, ENDS]))).toEqual([0])
  expect(await links(pages([BEGINS, BEGINS, GOES_ON, GOES_ON, ENDS, ENDS]))).toEqual([0])
  expect(await links(pages([BEGINS, GOES_ON, ENDS, BEGINS, GOES_ON, ENDS, BEGINS]))).toEqual([0, 300, 600])
  expect(await links(Buffer.alloc(0))).toEqual([])
})

test('a file of another kind has no links, whatever is in it', async () => {
  const wav = Buffer.concat([Buffer.from('RIFF'), pages([BEGINS, GOES_ON, BEGINS])])
  expect(await links(wav)).toEqual([])
  expect(await partsOfOneKind(await written(wav))).toEqual([{ from: 0, to: wav.length }])
})

test('a page is found wherever the border between two chunks cuts its header', async () => {
  const first = pages([BEGINS, GOES_ON])
  for (let cut = 0; cut <= 6; cut += 1) {
    const at = (1 << 20) - cut
    const filled = Buffer.concat([first, Buffer.alloc(at - first.length)])
    expect(await links(Buffer.concat([filled, pages([BEGINS])]))).toEqual([0, at])
    expect(await links(Buffer.concat([filled, pages([ENDS])]))).toEqual([0])
  }
})

/** A link of two pages of 100 bytes; the first has one packet, which begins so. */
function link(packet: Buffer): Buffer {
  const bytes = pages([BEGINS, GOES_ON])
  bytes.writeUInt8(1, 26)
  packet.copy(bytes, 28)
  return bytes
}
const vorbis = (channels: number, rate: number) =>
  Buffer.from([1, ...Buffer.from('vorbis'), 0, 0, 0, 0, channels, rate & 255, rate >> 8, 0, 0, 99])
const opus = (channels: number, skip: number) => Buffer.from([...Buffer.from('OpusHead'), 1, channels, skip])
const flac = (block: number, rate: number, samples: number) => {
  const packet = Buffer.alloc(51)
  packet.write('\x7fFLAC\x01\0\0\x01fLaC\0\0\0\x22', 'latin1')
  packet.writeUInt16BE(block, 17)
  packet.writeUInt16BE(block, 19)
  packet.writeUInt32BE(samples, 23) // sizes of frames, which say nothing of the kind
  packet.writeUInt32BE(rate * 0x1000 + 0x2f0, 27)
  packet.writeUInt32BE(samples, 31)
  return packet
}

test.each([
  ['Vorbis', vorbis(2, 44_100), vorbis(2, 44_100), vorbis(1, 44_100), vorbis(1, 48_000)],
  ['Opus', opus(1, 3), opus(1, 4), opus(2, 3), opus(1, 3)],
  ['FLAC', flac(4608, 44_100, 5), flac(4608, 44_100, 6), flac(1152, 44_100, 6), flac(1152, 48_000, 6)],
])(
  'a chain of %s is cut where its links begin to sound another way, and nowhere else',
  async (_, ...four) => {
    const file = await written(Buffer.concat(four.map(link)))
    expect(await partsOfOneKind(file)).toEqual([
      { from: 0, to: 400 },
      { from: 400, to: 600 },
      { from: 600, to: 800 },
    ])
  },
)

test('links of which nobody knows the kind cut nothing', async () => {
  const [known, unknown] = [link(vorbis(2, 44_100)), link(Buffer.from('Speex   '))]
  const bytes = Buffer.concat([known, unknown, known])
  expect(await partsOfOneKind(await written(bytes))).toEqual([{ from: 0, to: 600 }])
})
