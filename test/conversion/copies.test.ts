import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FFMPEG, FFPROBE } from '../support/ffmpeg-paths.ts'
import { difference, part } from '../support/hearing.ts'
import { Random } from '../support/random.ts'
import { decoded, digestsOf } from '../support/sound.ts'
import { Converter } from '../support/converter.ts'
import { readTagged, TAGS, type Recipe } from '../support/tagged.ts'

const run = promisify(execFile)
let converter: Converter
beforeAll(async () => {
  converter = await Converter.open()
})
afterAll(() => converter[Symbol.asyncDispose]())

const STREAM = { cover: 'stream', chapters: true } as const
const ATTACHED = { cover: 'attachment', chapters: true } as const
/** Samples of one packet of AC-3. */
const LONGEST_PACKET = 1536

const upload = (file: string) => converter.add(file)
const framesIn = async (file: string) => part(await decoded(file)).length

async function expectSameSound(result: string, source: string): Promise<void> {
  const [made, was] = await digestsOf([result, source])
  expect(made).toBe(was)
}

/** By how much a decoder of AC-3 is late: half a transform. */
const AC3_DELAY = 256

/**
 * Raw AC-3 cannot tell of the delay. Matroska can, and FFmpeg 9 writes it there: a copy of that begins with
 * the delay, and goes on with every sample of the source.
 */
async function expectSameSoundAfterDelay(result: string, source: string): Promise<void> {
  const [made, was] = [await decoded(result), await decoded(source)]
  const delay = part(made).length - part(was).length
  expect([0, AC3_DELAY]).toContain(delay)
  for (const channel of was.channels.keys())
    expect(
      difference(part(made, 0, Infinity, channel).subarray(delay), part(was, 0, Infinity, channel)),
    ).toBe(0)
}

const COPIED: [source: string, recipe: Recipe, format: string][] = [
  ['a24.mka', { flags: ['-c:a', 'flac', '-sample_fmt', 's32'], ...ATTACHED }, 'flac'],
  ['alac.m4a', { flags: ['-c:a', 'alac', '-f', 'ipod'], ...STREAM }, 'alac'],
  ['float.w64', { flags: ['-c:a', 'pcm_f32le'], tags: 'none' }, 'wav'],
  ['s16le.mov', { flags: ['-c:a', 'pcm_s16le'] }, 'wav'],
  ['s16.aiff', { flags: ['-write_id3v2', '1'], ...STREAM }, 'aiff'],
  ['wavpack.mka', { flags: ['-c:a', 'wavpack'] }, 'wavpack'],
  ['a.mp3', { flags: ['-c:a', 'libmp3lame', '-id3v2_version', '3'], ...STREAM }, 'mp3'],
  ['aac.m4a', { flags: ['-c:a', 'aac', '-f', 'ipod'], ...STREAM }, 'm4b'],
  ['a.aac', { flags: ['-c:a', 'aac'], tags: 'none' }, 'aac'],
  ['aac.mka', { flags: ['-c:a', 'aac'], ...ATTACHED }, 'aac'],
  ['a.opus', { flags: ['-c:a', 'libopus'], chapters: true }, 'webm'],
  ['a.ogg', { flags: ['-c:a', 'libvorbis'] }, 'vorbis'],
  ['ac3.mka', { flags: ['-c:a', 'ac3'] }, 'ac3'],
]

test.concurrent.each(COPIED)(
  '%s is copied: every sample, its title and cover',
  async (name, recipe, format) => {
    const source = await converter.tagged(name, recipe)
    const has = await readTagged(source)
    expect(has.tags['title']).toBe(recipe.tags === 'none' ? undefined : TAGS['title'])
    expect(has.cover !== undefined).toBe(recipe.cover !== undefined)
    const { job, file } = await converter.make({ uploadId: await upload(source), format })
    expect([job.result?.copied, job.warnings]).toEqual([true, undefined])
    await (format === 'ac3' ? expectSameSoundAfterDelay : expectSameSound)(file, source)
    const found = await readTagged(file)
    expect(found.tags['title']).toBe(format === 'ac3' ? undefined : has.tags['title'])
    expect(found.cover).toBe(has.cover)
  },
)

/** Samples that the packets of a file last, by its container; no two of the same. */
async function packetLengths(file: string): Promise<number[]> {
  const shown = ['-select_streams', 'a', '-show_entries', 'packet=duration', '-of', 'csv=p=0']
  const { stdout } = await run(FFPROBE, ['-v', 'error', ...shown, file])
  return [...new Set(stdout.match(/\d+/g))].map(Number)
}

test.concurrent(
  'in a copy out of Matroska, whose times are whole milliseconds, every packet lasts as long as its samples',
  async () => {
    const source = await converter.tagged('rounded.mka', { flags: ['-c:a', 'aac'] })
    const { job, file } = await converter.make({ uploadId: await upload(source), format: 'aac' })
    expect(job.result?.copied).toBe(true)
    expect(await packetLengths(file)).toEqual([1024])
  },
)

const ENCODED: [source: string, codec: string, format: string][] = [
  ['mp3.mka', 'libmp3lame', 'mp3'],
  ['vorbis.mka', 'libvorbis', 'vorbis'],
  ['opus.webm', 'libopus', 'opus'],
]
/** Times in Matroska are whole milliseconds. */
const ROUNDED = 48

test.concurrent.each(ENCODED)('%s (%s) is encoded, at its length', async (name, codec, format) => {
  const source = await converter.tagged(name, { flags: ['-c:a', codec] })
  const uploadId = await upload(source)
  const { job, file } = await converter.make({ uploadId, format })
  expect(job.result).not.toHaveProperty('copied')
  expect(Math.abs((await framesIn(file)) - (await framesIn(source)))).toBeLessThanOrEqual(ROUNDED)
})

test.concurrent('an option for the audio has it encoded; a name, tags and a cover do not', async () => {
  const source = await converter.tagged('options.flac', { flags: ['-c:a', 'flac'], cover: 'stream' })
  const uploadId = await upload(source)
  for (const options of [{ trim: { endMs: 60_000 } }, { channels: 2 }]) {
    const { job } = await converter.make({ uploadId, format: 'flac', options })
    expect([options, job.result?.copied]).toEqual([options, undefined])
  }
  const options = { name: 'other', metadata: { title: 'Other' }, artwork: 'strip' }
  const { job, file } = await converter.make({ uploadId, format: 'flac', options })
  expect(job.result).toMatchObject({ copied: true, name: 'other.flac' })
  await expectSameSound(file, source)
  const { tags, cover } = await readTagged(file)
  expect([tags['title'], cover]).toEqual(['Other', undefined])
})

test.concurrent(
  'a file that leaves out its beginning by an edit list does so when it is copied',
  async () => {
    const whole = await converter.tagged('whole.m4a', { flags: ['-c:a', 'aac', '-f', 'ipod'] })
    const cut = converter.at('cut.m4a')
    await run(FFMPEG, ['-v', 'error', '-y', '-ss', '1.3', '-i', whole, '-map', '0:a', '-c', 'copy', cut])
    expect(await framesIn(cut)).toBeLessThan(2.8 * 44_100)
    const { job, file } = await converter.make({ uploadId: await upload(cut), format: 'aac' })
    expect(job.result?.copied).toBe(true)
    await expectSameSound(file, cut)
  },
)

/** Noise, in which three bits are turned round: a decoder makes other noise of it, and need not notice. */
async function damaged(
  name: string,
  flags: readonly string[],
): Promise<{ uploadId: string; source: string }> {
  const noise = new Random(7)
  const voice = () => noise.next() - 0.5
  await converter.take(name, { seconds: 4, voices: [voice, voice], flags })
  const bytes = await readFile(converter.at(name))
  for (const share of [0.6, 0.7, 0.8]) {
    const at = Math.floor(bytes.length * share)
    bytes[at] = (bytes[at] ?? 0) ^ 1
  }
  const source = converter.at(`damaged-${name}`)
  await writeFile(source, bytes)
  return { uploadId: await converter.add(source, name), source }
}

const DAMAGED: [source: string, codec: string, format: string][] = [
  ['bits.flac', 'flac', 'flac'],
  ['bits.wv', 'wavpack', 'wavpack'],
  ['bits.ac3', 'ac3', 'ac3'],
  ['bits.ogg', 'libvorbis', 'vorbis'],
  ['wrong.flac', 'flac', 'wav'],
  ['wrong.wv', 'wavpack', 'wav'],
]
const LOSSLESS = ['flac', 'wavpack', 'wav']

test.concurrent.each(DAMAGED)(
  '%s (%s), of which three bits are wrong, becomes %s with a warning, and all that a decoder hears is in it',
  async (name, codec, format) => {
    const { uploadId, source } = await damaged(name, ['-c:a', codec])
    const { job, file } = await converter.make({ uploadId, format })
    expect(job.result?.copied).toBeUndefined()
    expect(job.warnings?.join()).toMatch(/The source is damaged in places \(FFmpeg: (?! *Last message)/)
    if (LOSSLESS.includes(format)) await expectSameSound(file, source)
    else
      expect(Math.abs((await framesIn(file)) - (await framesIn(source)))).toBeLessThanOrEqual(LONGEST_PACKET)
  },
)
