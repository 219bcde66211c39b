import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JobView } from '../../src/contract/index.ts'
import { MiB } from '../../src/kernel/units.ts'
import type { CoverType } from '../../src/uploads/index.ts'
import { Converter } from '../support/converter.ts'
import { attach, paint } from '../support/pictures.ts'
import { readTagged } from '../support/tagged.ts'
import { tone } from '../support/take.ts'
import { COVERED } from '../support/targets.ts'

let converter: Converter
let red: Buffer<ArrayBuffer>
let blue: Buffer<ArrayBuffer>
beforeAll(async () => {
  converter = await Converter.open()
  await converter.take('plain.flac', { seconds: 1, voices: [tone(300, 0.2)] })
  red = await paint(converter.at('red.jpg'), { size: '700x300' })
  blue = await paint(converter.at('blue.png'), { size: '30x20', colour: 'blue' })
  await attach(converter.at('plain.flac'), converter.at('red.jpg'), converter.at('covered.flac'))
})
afterAll(() => converter[Symbol.asyncDispose]())

const digestOf = (picture: Buffer) => createHash('md5').update(picture).digest('hex')

/** An upload of this file with such a cover. */
async function covered(file: string, mimeType: CoverType, picture: Buffer): Promise<string> {
  const uploadId = await converter.add(converter.at(file))
  converter.setCover(uploadId, { digest: digestOf(picture), mimeType, size: picture.length }, picture)
  return uploadId
}

const told = ({ changes }: JobView) => changes.filter(({ what }) => what !== 'durationMs')

describe.each(['plain.flac', 'covered.flac'])('from %s', (source) => {
  test.concurrent.each(COVERED)(
    'a result in %s carries the cover that was sent, byte for byte',
    async (format) => {
      const pictures: [CoverType, Buffer][] = [
        ['image/jpeg', Buffer.concat([red, Buffer.from('and more')])],
        ['image/png', blue],
      ]
      for (const [mimeType, picture] of pictures) {
        const uploadId = await covered(source, mimeType, picture)
        const { queued, job, file } = await converter.make({
          uploadId,
          format,
          options: { artwork: 'uploaded' },
        })
        expect((await readTagged(file)).cover).toBe(digestOf(picture))
        expect(told(job)).toEqual(told(queued))
        expect(job.changes.filter(({ what }) => what === 'artwork')).toEqual([])
        expect(job.warnings).toBeUndefined()
        expect(job.result?.copied).toBe(format === 'flac' ? true : undefined)
      }
    },
  )
})

test.each(['mp3', 'aac', 'opus', 'flac'])('the largest cover there may be goes into %s', async (format) => {
  const largest = filled(blue, 10 * MiB)
  const uploadId = await covered('plain.flac', 'image/png', largest)
  const { file } = await converter.make({ uploadId, format, options: { artwork: 'uploaded' } })
  expect((await readTagged(file)).cover).toBe(digestOf(largest))
})

/** A PNG with so much text in it, which nobody sees, that it has this size (PNG, 11.3.3.2). */
function filled(png: Buffer, size: number): Buffer<ArrayBuffer> {
  const END = 12
  const chunk = Buffer.alloc(size - png.length, 'x')
  chunk.writeUInt32BE(chunk.length - END)
  chunk.write('tEXtComment\0', 4, 'latin1')
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4)
  return Buffer.concat([png.subarray(0, -END), chunk, png.subarray(-END)])
}
