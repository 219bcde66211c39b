import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FFMPEG } from '../support/ffmpeg-paths.ts'
import { decoded } from '../support/sound.ts'
import { Converter } from '../support/converter.ts'
import { tone } from '../support/take.ts'
import { readTagged } from '../support/tagged.ts'

const run = promisify(execFile)
let converter: Converter
beforeAll(async () => {
  converter = await Converter.open()
})
afterAll(() => converter[Symbol.asyncDispose]())

const SECONDS = 1
const take = { seconds: SECONDS, voices: [tone(300, 0.2)] }
const TITLED = ['-metadata', 'title=AAAAxxxxBBBB', '-metadata', 'artist=Plain']

/** Bytes that no reader of UTF-8 takes, and bytes that are text to nobody. */
const ROTTEN: [name: string, bytes: number[], heard: RegExp][] = [
  ['no-utf8.flac', [0xff, 0xfe, 0xc3, 0x28], /^AAAA\uFFFD+\(BBBB$/],
  ['latin.wav', [0xe9, 0xe8, 0xfc, 0xdf], /^AAAA\uFFFD+BBBB$/],
  ['nul.flac', [0x00, 0x01, 0x1b, 0x0a], /^AAAA$/],
]

test.concurrent.each(ROTTEN)(
  'a title with rotten bytes (%s) is text, and costs nothing else',
  async (name, rotten, heard) => {
    await converter.take(name, { ...take, flags: TITLED })
    const bytes = await readFile(converter.at(name))
    bytes.set(rotten, bytes.indexOf('xxxx'))
    await writeFile(converter.at(name), bytes)
    const uploadId = await converter.add(converter.at(name))
    for (const format of ['mp3', 'aac', 'flac', 'opus']) {
      const { job, file } = await converter.make({ uploadId, format })
      const { tags } = await readTagged(file)
      expect([format, job.warnings, tags['artist']]).toEqual([format, undefined, 'Plain'])
      expect(tags['title']).toMatch(heard)
    }
  },
)

test.concurrent('tags named like sections of a metadata file open none', async () => {
  const names = ['[CHAPTER]', '[STREAM]']
  const flags = names.flatMap((name) => ['-metadata', `${name}=x`])
  const uploadId = await converter.take('sections.flac', { ...take, flags: [...TITLED, ...flags] })
  for (const format of ['mp3', 'flac']) {
    const { file } = await converter.make({ uploadId, format })
    const { tags, chapters } = await readTagged(file)
    expect(tags).toMatchObject({ artist: 'Plain', '[chapter]': 'x', '[stream]': 'x' })
    expect(chapters).toEqual([])
  }
})

test.concurrent(
  'a cover of a kind that a format cannot hold costs a warning, and not the sound',
  async () => {
    const [cover, source] = [converter.at('cover.gif'), converter.at('gif.mka')]
    const quiet = ['-v', 'error', '-y']
    await run(FFMPEG, [...quiet, '-f', 'lavfi', '-i', 'testsrc=size=64x64', '-frames:v', '1', cover])
    await converter.take('plain.flac', take)
    const attached = ['-attach', cover, '-metadata:s:t', 'mimetype=image/gif', '-c', 'copy']
    await run(FFMPEG, [...quiet, '-i', converter.at('plain.flac'), ...attached, source])
    const uploadId = await converter.add(source)
    const kept = await converter.make({ uploadId, format: 'mp3' })
    expect(kept.job.warnings).toBeUndefined()
    expect((await readTagged(kept.file)).cover).toBe((await readTagged(source)).cover)
    for (const format of ['aac', 'flac', 'opus']) {
      const { job, file } = await converter.make({ uploadId, format })
      expect([format, job.warnings]).toEqual([format, ['The cover could not be kept in this format.']])
      expect(job.changes).toContainEqual({ what: 'artwork', from: 1, to: null })
      const { channels, rateHz } = await decoded(file)
      expect((channels[0]?.length ?? 0) / rateHz).toBeCloseTo(SECONDS, 1)
    }
  },
)
