import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Change } from '../../src/contract/index.ts'
import { channelsOf } from '../../src/ffmpeg/layouts.ts'
import { makeAudio, SOURCES as MP3 } from '../support/audio.ts'
import { Converter, type ConvertedFile } from '../support/converter.ts'
import { Random } from '../support/random.ts'
import { digestsOf, ffmpegLayouts, makeSounds, decoded, type Sound } from '../support/sound.ts'

let converter: Converter
beforeAll(async () => {
  converter = await Converter.open()
  await makeSounds(CASES.map(noise))
})
afterAll(() => converter[Symbol.asyncDispose]())

const RATES = [8000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000]
const LAYOUTS = ['mono', 'stereo', '2.1', 'quad', '5.1', '5.1(side)', '7.1']
const TARGETS = ['flac', 'alac', 'wav', 'aiff', 'wavpack']
const DEPTHS = ['16 bits', '24 bits', 'float'] as const
type Depth = (typeof DEPTHS)[number]

/** Sources of each depth, in turn of several containers. */
const SOURCES: Record<Depth, { extension: string; flags: string[] }[]> = {
  '16 bits': [
    { extension: 'wav', flags: ['-c:a', 'pcm_s16le'] },
    { extension: 'flac', flags: ['-c:a', 'flac', '-sample_fmt', 's16'] },
  ],
  '24 bits': [
    { extension: 'flac', flags: ['-c:a', 'flac', '-sample_fmt', 's32', '-bits_per_raw_sample', '24'] },
    { extension: 'wav', flags: ['-c:a', 'pcm_s24le'] },
  ],
  float: [{ extension: 'wav', flags: ['-c:a', 'pcm_f32le'] }],
}

type Case = { rateHz: number; layout: string; depth: Depth; target: string; turn: number }

/** Every pair of one of those with a target, with a depth or of a target with a depth is in one of them at least. */
const CASES = RATES.flatMap((rateHz, row) =>
  TARGETS.map((target, column): Case => {
    const turn = row + column
    const depth = DEPTHS[(row + 2 * column) % DEPTHS.length] ?? 'float'
    return { rateHz, layout: LAYOUTS[turn % LAYOUTS.length] ?? 'mono', depth, target, turn }
  }),
)

const FRAMES = 6007 // more than one block of every codec, and no whole number of them

function sourceOf({ rateHz, depth, target, turn }: Case): { file: string; flags: string[] } {
  const kinds = SOURCES[depth]
  const { extension, flags } = kinds[turn % kinds.length] ?? { extension: 'wav', flags: [] }
  return { file: converter.at(`${rateHz}-${target}.${extension}`), flags }
}

/** Noise that uses every bit, other in each channel, and never quite as loud as can be. */
function noise(one: Case): Sound {
  const { rateHz, layout, turn } = one
  const random = new Random(turn)
  return { ...sourceOf(one), rateHz, layout, frames: FRAMES, sample: () => random.next() * 1.9 - 0.95 }
}

/** Differences of lengths are none, so what was foretold is what was found. */
function expectTruthful({ changes, foretold, warnings, log }: ConvertedFile): void {
  expect([warnings, log]).toEqual([[], ''])
  expect(changes).toEqual(foretold)
}

/** In what ffprobe finds the samples to be other than in the source; a layout is only how they are called. */
const quality = (changes: readonly Change[]) =>
  changes.filter(({ what }) => !['codec', 'layout'].includes(what))

/** Float samples are more than these can hold. */
const INTEGERS_ONLY = ['flac', 'alac', 'aiff']
const isHeld = ({ target, depth }: Case) => depth !== 'float' || !INTEGERS_ONLY.includes(target)
const nameOf = ({ rateHz, layout, depth }: Case) => `${rateHz} Hz, ${layout}, ${depth}`

test.concurrent.each(TARGETS)('to %s: every sample is as it was', async (target) => {
  const cases = CASES.filter((one) => one.target === target && isHeld(one))
  const made: { name: string; source: string; file: string }[] = []
  for (const one of cases) {
    const { file: source } = sourceOf(one)
    const result = await converter.convertFile(source, target)
    expectTruthful(result)
    expect([nameOf(one), quality(result.changes)]).toEqual([nameOf(one), []])
    made.push({ name: nameOf(one), source, file: result.file })
  }
  const before = await digestsOf(made.map(({ source }) => source))
  const after = await digestsOf(made.map(({ file }) => file))
  expect(made.map(({ name }, index) => [name, after[index]])).toEqual(
    made.map(({ name }, index) => [name, before[index]]),
  )
})

test.concurrent.each(CASES.filter((one) => !isHeld(one)))(
  '$rateHz Hz, $layout, $depth to $target: 24 bits with triangular dither, and the job tells it',
  async (one) => {
    const { file: source } = sourceOf(one)
    const made = await converter.convertFile(source, one.target)
    expectTruthful(made)
    expect(quality(made.changes)).toEqual([{ what: 'bitDepth', from: 32, to: 24 }])
    const error = await errorsIn24Bits(source, made.file)
    // Dither of at most one step either way, then the encoder leaves off what is below a step.
    expect(error.largest).toBeLessThanOrEqual(2)
    // Without dither this is 0.29 steps, with the triangular one 0.5.
    expect(error.spread).toBeGreaterThan(0.45)
    expect(error.spread).toBeLessThan(0.55)
  },
)

/** By how many steps of 24 bits two files differ: at most, and how much that varies. */
async function errorsIn24Bits(source: string, result: string): Promise<{ largest: number; spread: number }> {
  const [before, after] = [await decoded(source), await decoded(result)]
  const errors = before.channels.flatMap((samples, channel) =>
    Array.from(samples, (sample, frame) => ((after.channels[channel]?.[frame] ?? 9) - sample) * 2 ** 23),
  )
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length
  const middle = mean(errors)
  return {
    largest: errors.reduce((most, error) => Math.max(most, Math.abs(error)), 0),
    spread: Math.sqrt(mean(errors.map((error) => (error - middle) ** 2))),
  }
}

test('the cases have every pair', () => {
  const pairs = (one: keyof Case, other: keyof Case) =>
    new Set(CASES.map((each) => `${each[one]} ${each[other]}`)).size
  expect(pairs('rateHz', 'target')).toBe(RATES.length * TARGETS.length)
  expect(pairs('layout', 'target')).toBe(LAYOUTS.length * TARGETS.length)
  expect(pairs('rateHz', 'depth')).toBe(RATES.length * DEPTHS.length)
  expect(pairs('layout', 'depth')).toBe(LAYOUTS.length * DEPTHS.length)
  expect(pairs('depth', 'target')).toBe(DEPTHS.length * TARGETS.length)
})

test('a layout that a format has not is told, and its nearest one gets the channels', async () => {
  const [sound] = CASES.map(noise).filter(({ layout }) => layout === '7.1')
  const made = await converter.convertFile(sound?.file ?? '', 'alac')
  expect(made.changes).toContainEqual({ what: 'layout', from: '7.1', to: '7.1(wide)' })
})

test('named layouts are those of FFmpeg', async () => {
  const layouts = Object.entries(await ffmpegLayouts()).filter(([name]) => channelsOf(name))
  expect(layouts.length).toBeGreaterThan(25)
  for (const [name, channels] of layouts) expect([name, channelsOf(name)]).toEqual([name, channels])
})

/** Where a file of FLAC says how long its blocks are (RFC 9639, 8.2), and WavPack how long its first is. */
const BLOCK_AT = { flac: 8, wavpack: 20 }

test('an MP3, of whose first frame little is left after its delay, is not cut into blocks that small', async () => {
  const mp3 = converter.at('delayed.mp3')
  await makeAudio(mp3, { seconds: 2, flags: MP3.mp3 })
  const [flac, wavpack] = [
    await converter.convertFile(mp3, 'flac'),
    await converter.convertFile(mp3, 'wavpack'),
  ]
  expect((await readFile(flac.file)).readUInt16BE(BLOCK_AT.flac)).toBe(4608)
  expect((await readFile(wavpack.file)).readUInt32LE(BLOCK_AT.wavpack)).toBe(22_050)
})
