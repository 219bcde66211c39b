import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JobView } from '../../src/contract/index.ts'
import { SourceRefused } from '../../src/uploads/index.ts'
import { decodedMs, makeAudio, SOURCES } from '../support/audio.ts'
import { chain, ffmpegIn, pictures, sine, sizedWav, streamed } from '../support/odd-sources.ts'
import { Converter } from '../support/converter.ts'

const SECONDS = 4
/** More than a packet of every codec here but FLAC. */
const ONE_FRAME_MS = 50
/** Two packets of FLAC: of each link of a chain the last one is not counted. */
const NOT_COUNTED_MS = 210

let converter: Converter
let ffmpeg: ReturnType<typeof ffmpegIn>
const inside = (name: string) => converter.at(name)

beforeAll(async () => {
  converter = await Converter.open()
  ffmpeg = ffmpegIn(inside(''))
})
afterAll(() => converter[Symbol.asyncDispose]())

/** Converts a file of the folder; gives its announced length, the job, and how long its result is when decoded. */
async function converted(
  name: string,
  format = 'wav',
): Promise<{ announcedMs: number; job: JobView; heardMs: number }> {
  const uploadId = await converter.add(inside(name))
  const { job, file } = await converter.make({ uploadId, format })
  return { announcedMs: converter.mediaOf(uploadId).durationMs ?? 0, job, heardMs: await decodedMs(file) }
}

type Make = (name: string) => Promise<void>
/** The files that a chain was made of: not every version of FFmpeg reads over them all by itself. */
const madeOf = new Map<string, readonly string[]>()
const links = async (
  extension: string,
  flags: readonly string[],
  name: string,
  { seconds = SECONDS / 2, ratesHz = [48_000, 48_000], channels = [1, 1] } = {},
) => {
  const parts = ['one', 'two'].map((part) => `${part}-${name}.${extension}`)
  for (const [at, part] of parts.entries()) {
    const made = sine(seconds, { hertz: 440 * (at + 1), rateHz: ratesHz[at] })
    await ffmpeg([...made, '-ac', `${channels[at] ?? 1}`, ...flags, part])
  }
  await chain(inside(''), parts, name)
  madeOf.set(name, parts)
}
const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0)
const wavOfSize = (size: number) => async (name: string) => {
  await ffmpeg([...sine(SECONDS), `plain-${name}`])
  await sizedWav(inside(''), `plain-${name}`, size, name)
}

const WHOLE: Record<string, [name: string, make: Make]> = {
  'MP3 of variable bitrate without a Xing header': [
    'vbr.mp3',
    (name) => ffmpeg([...sine(SECONDS), '-q:a', '4', '-write_xing', '0', name]),
  ],
  'raw ADTS': ['raw.aac', (name) => ffmpeg([...sine(SECONDS), name])],
  'raw AC-3': ['raw.ac3', (name) => ffmpeg([...sine(SECONDS), name])],
  'chained Ogg Vorbis': ['chained.ogg', (name) => links('ogg', ['-c:a', 'libvorbis'], name)],
  'chained Ogg Opus': ['chained.opus', (name) => links('opus', ['-c:a', 'libopus'], name)],
  'chained Ogg Vorbis of two rates': [
    'rates.ogg',
    (name) => links('ogg', ['-c:a', 'libvorbis'], name, { ratesHz: [24_000, 48_000] }),
  ],
  'chained Ogg FLAC of two rates': [
    'rates.oga',
    (name) => links('oga', ['-c:a', 'flac'], name, { ratesHz: [24_000, 48_000] }),
  ],
  'chained Ogg Opus of one channel and two': [
    'channels.opus',
    (name) => links('opus', ['-c:a', 'libopus'], name, { channels: [1, 2] }),
  ],
  'chained Ogg Opus whose links are longer than what is read for the length': [
    'long.opus',
    (name) => links('opus', ['-c:a', 'libopus', '-b:a', '256k'], name, { seconds: 6 }),
  ],
  'chained Ogg FLAC': ['chained.oga', (name) => links('oga', ['-c:a', 'flac'], name)],
  'M4A with its index at the end': ['moov.m4a', (name) => ffmpeg([...sine(SECONDS), name])],
  'MP4 in fragments': [
    'parts.mp4',
    (name) => ffmpeg([...sine(SECONDS), '-movflags', 'frag_keyframe+empty_moov', name]),
  ],
  'FLAC that does not know its length': [
    'live.flac',
    async (name) => writeFile(inside(name), await streamed([...sine(SECONDS), '-f', 'flac'])),
  ],
  'Matroska that does not know its length': [
    'live.mkv',
    async (name) => writeFile(inside(name), await streamed([...sine(SECONDS), '-f', 'matroska'])),
  ],
  'WAV of size 0': ['zero.wav', wavOfSize(0)],
  'WAV of the largest size': ['most.wav', wavOfSize(0xffff_ffff)],
  'a film': ['film.mp4', (name) => ffmpeg([...pictures(SECONDS), ...sine(SECONDS), '-c:v', 'mpeg4', name])],
  'a film that is longer than its sound': [
    'silent-end.mp4',
    (name) => ffmpeg([...pictures(3 * SECONDS), ...sine(SECONDS), '-c:v', 'mpeg4', name]),
  ],
  'a Matroska film that is longer than its sound': [
    'silent-end.mkv',
    (name) => ffmpeg([...pictures(3 * SECONDS), ...sine(SECONDS), '-c:v', 'mpeg4', name]),
  ],
}

describe.concurrent(
  'whole in the result, without a warning, and of a length that was told before, is',
  () => {
    test.for(Object.entries(WHOLE))('%s', async ([, [name, make]]) => {
      await make(name)
      const heard = madeOf.get(name) ?? [name]
      const sourceMs = sum(await Promise.all(heard.map((one) => decodedMs(inside(one)))))
      expect(sourceMs).toBeGreaterThan(SECONDS * 1000 - ONE_FRAME_MS)
      const { announcedMs, job, heardMs } = await converted(name)
      expect(job.warnings).toBeUndefined()
      expect(Math.abs(heardMs - sourceMs)).toBeLessThan(ONE_FRAME_MS)
      expect(Math.abs(announcedMs - sourceMs)).toBeLessThan(NOT_COUNTED_MS)
    })
  },
)

test('of a chain of two rates all is in what it is joined to, and it fades only where that begins', async () => {
  await links('ogg', ['-c:a', 'libvorbis'], 'whole.ogg', { ratesHz: [24_000, 48_000] })
  await ffmpeg([...sine(2), 'other.wav'])
  const uploadIds = [await converter.add(inside('whole.ogg')), await converter.add(inside('other.wav'))]
  const { job, file } = await converter.make({ uploadIds, format: 'wav', options: { crossfadeMs: 1000 } })
  expect(Math.abs((await decodedMs(file)) - (SECONDS + 1) * 1000)).toBeLessThan(ONE_FRAME_MS)
  expect(job.warnings).toBeUndefined()
})

test.for([
  ['chain.oga', 'flac', '-c:a', 'flac'],
  ['chain.opus', 'opus', '-c:a', 'libopus'],
] as const)('%s, whose links no copy keeps, is encoded anew, whole', async ([name, format, ...flags]) => {
  await links(name.replace('chain.', ''), flags, name)
  const { job, heardMs } = await converted(name, format)
  expect([job.warnings, job.result?.copied]).toEqual([undefined, undefined])
  expect(Math.abs(heardMs - SECONDS * 1000)).toBeLessThan(ONE_FRAME_MS)
})

test('of several audio streams the first is taken, whole', async () => {
  const maps = ['-map', '0', '-map', '1', '-c:a', 'flac']
  await ffmpeg([...sine(SECONDS), ...sine(2 * SECONDS, { hertz: 880 }), ...maps, 'two.mka'])
  const { heardMs } = await converted('two.mka')
  expect(Math.abs(heardMs - SECONDS * 1000)).toBeLessThan(ONE_FRAME_MS)
})

describe.concurrent('what was cut off between two blocks, where FFmpeg says nothing of it, is told', () => {
  const CUT: Record<string, string[]> = {
    'cut.wav': ['-c:a', 'pcm_s16le'],
    'cut.w64': ['-c:a', 'pcm_s16le'],
    'cut-rf64.wav': ['-c:a', 'pcm_s16le', '-rf64', 'always'],
    'cut.ogg': ['-c:a', 'libvorbis', '-page_duration', '200000'],
    'cut.opus': ['-c:a', 'libopus', '-page_duration', '200000'],
  }
  test.for(Object.entries(CUT))('%s', async ([name, flags]) => {
    await ffmpeg([...sine(SECONDS), ...flags, name])
    const whole = await readFile(inside(name))
    const ogg = whole.lastIndexOf('OggS', whole.length / 2)
    await writeFile(inside(name), whole.subarray(0, ogg === -1 ? 4 * 20_000 : ogg))
    const { job, heardMs } = await converted(name, 'flac')
    expect(job.warnings).toContain('The source is cut off: it ends before the length it announces.')
    expect(heardMs).toBeGreaterThan(500)
    expect(heardMs).toBeLessThan(SECONDS * 1000 - 500)
  })
})

describe.concurrent('a file of which there is only the beginning is refused, or failed with a reason', () => {
  test.for([...Object.keys(SOURCES), 'opus', 'mka', 'wv', 'tta'])('%s', async (extension) => {
    const name = `head.${extension}`
    const flags = extension in SOURCES ? SOURCES[extension as keyof typeof SOURCES] : []
    await makeAudio(inside(name), { seconds: 2, flags })
    const bytes = (await readFile(inside(name))).subarray(0, 60)
    await writeFile(inside(name), bytes)
    const added: unknown = await converter.add(inside(name)).catch((error: unknown) => error)
    if (typeof added !== 'string') {
      expect(added).toBeInstanceOf(SourceRefused)
      expect(String(added)).toMatch(/This file is not audio that can be converted: ./)
      return
    }
    const { job } = await converter.convert({ uploadId: added, format: 'mp3' })
    expect(job).toMatchObject({ state: 'failed', error: { code: 'conversion-failed' } })
  })
})

test('a file of a kind that is not read is told so', async () => {
  await ffmpeg([...sine(1), 'stream.ts'])
  const refusal: unknown = await converter
    .add(inside('stream.ts'), 'stream.mp3')
    .catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(SourceRefused)
  expect(refusal).toMatchObject({
    code: 'not-audio',
    message: 'This file is not audio that can be converted: it is of a kind that is not read.',
  })
})
