import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodedMs, listen, makeAudio, SOURCES } from '../support/audio.ts'
import { Converter } from '../support/converter.ts'
import { TARGETS } from '../support/targets.ts'

const SECONDS = 4
let converter: Converter
beforeAll(async () => {
  converter = await Converter.open()
})
afterAll(() => converter[Symbol.asyncDispose]())

describe.each(Object.entries(SOURCES))('from %s', (extension, flags) => {
  let uploadId = ''
  beforeAll(async () => {
    const file = converter.at(`source.${extension}`)
    await makeAudio(file, { seconds: SECONDS, flags })
    uploadId = await converter.add(file)
  })

  test.concurrent.each(Object.entries(TARGETS))(
    'to %s: the right codec, length, channels and title',
    async (format, target) => {
      const { job, file } = await converter.make({ uploadId, format })
      const heard = await listen(file)
      expect(heard.codec).toBe(target.codec)
      expect(heard.container).toMatch(target.container)
      expect([job.name, path.extname(file)]).toEqual([`source.${target.extension}`, `.${target.extension}`])
      expect(heard.channels).toBe(2)
      expect(heard.title).toBe(format === 'ac3' ? '' : 'Two sines') // AC-3 has no tags
      expect(Math.abs((await decodedMs(file)) - SECONDS * 1000)).toBeLessThan(50)
    },
  )
})
