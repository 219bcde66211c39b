import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { amplitudeAt, difference, frequencyOf, part } from '../support/hearing.ts'
import { Random } from '../support/random.ts'
import { decoded } from '../support/sound.ts'
import { Converter } from '../support/converter.ts'
import { tone, type Take } from '../support/take.ts'
import { CHAPTERS, readTagged, TAGS } from '../support/tagged.ts'

let converter: Converter
beforeAll(async () => {
  converter = await Converter.open()
})
afterAll(() => converter[Symbol.asyncDispose]())

const RATE = 44_100
const sine = (hertz: number, seconds: number, take: Partial<Take> = {}): Take => ({
  ...{ seconds, voices: [tone(hertz, 0.5)], rateHz: RATE },
  ...take,
})

const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0)

async function secondsOf(file: string): Promise<number> {
  const sound = await decoded(file)
  return part(sound).length / sound.rateHz
}

const tagged = async (name: string) => converter.add(await converter.tagged(name))

describe.concurrent('files one after the other', () => {
  test('of one kind: every sample of each, in the order of the ids, and one of them twice', async () => {
    const random = new Random(3)
    const noise = { voices: [() => random.next() - 0.5, () => random.next() - 0.5] }
    const [one, two] = [
      await converter.take('noise-1.wav', sine(0, 1.003, noise)),
      await converter.take('noise-2.wav', sine(0, 0.517, noise)),
    ]
    const [first, second] = [
      await decoded(converter.at('noise-1.wav')),
      await decoded(converter.at('noise-2.wav')),
    ]
    const { sound, job } = await converter.play({ uploadIds: [two, two, one], format: 'flac' })
    for (const channel of [0, 1]) {
      const all = [second, second, first].flatMap((each) => [...part(each, 0, Infinity, channel)])
      expect(difference(part(sound, 0, Infinity, channel), Float64Array.from(all))).toBe(0)
    }
    expect(job).toMatchObject({ name: 'noise-2.flac', changes: [{ what: 'codec', to: 'flac' }] })
    expect(job.warnings).toBeUndefined()
  })

  test('of several kinds: the highest rate, the most channels, and each at its own length', async () => {
    const stereo = { rateHz: 48_000, voices: [tone(600, 0.5), tone(600, 0.5)] }
    const uploadIds = [
      await converter.take('kind.mp3', sine(300, 2.111, { flags: ['-c:a', 'libmp3lame'] })),
      await converter.take('kind.flac', sine(600, 1.5, stereo)),
      await converter.take('kind.ogg', sine(900, 1.25, { rateHz: 22_050, flags: ['-c:a', 'libvorbis'] })),
      await converter.take('kind.m4a', sine(1200, 1.777, { flags: ['-c:a', 'aac'] })),
    ]
    const { sound, job } = await converter.play({ uploadIds, format: 'wav' })
    expect([sound.rateHz, sound.channels.length]).toEqual([48_000, 2])
    const ends = [0, 2.111, 3.611, 4.861, 6.638]
    for (const [index, hertz] of [300, 600, 900, 1200].entries()) {
      const [from, to] = [(ends[index] ?? 0) + 0.1, (ends[index + 1] ?? 0) - 0.1]
      for (const channel of [0, 1])
        expect(frequencyOf(part(sound, from, to, channel), 48_000)).toBeCloseTo(hertz, 0)
    }
    const heard = await Promise.all(
      ['kind.mp3', 'kind.flac', 'kind.ogg', 'kind.m4a'].map((name) => secondsOf(converter.at(name))),
    )
    expect(part(sound).length / 48_000).toBeCloseTo(sum(heard), 3)
    expect(job.warnings).toBeUndefined()
  })

  test('edits are of the whole: a part from the first into the second, twice as fast', async () => {
    const uploadIds = [
      await converter.take('low.wav', sine(300, 4)),
      await converter.take('high.wav', sine(600, 4)),
    ]
    const options = { trim: { startMs: 2000, endMs: 6000 }, tempo: 2 }
    const { sound } = await converter.play({ uploadIds, format: 'wav', options })
    expect(Math.abs(part(sound).length / RATE - 2)).toBeLessThan(0.05)
    expect(frequencyOf(part(sound, 0.1, 0.8), RATE)).toBeCloseTo(300, 0)
    expect(frequencyOf(part(sound, 1.2, 1.9), RATE)).toBeCloseTo(600, 0)
  })
})

test.concurrent(
  'a crossfade takes its time of both files: one falls in a line while the other rises',
  async () => {
    const uploadIds = [
      await converter.take('x.wav', sine(300, 3)),
      await converter.take('y.wav', sine(900, 3)),
      await converter.take('z.wav', sine(2700, 3)),
    ]
    const { sound, job } = await converter.play({ uploadIds, format: 'wav', options: { crossfadeMs: 1000 } })
    expect(part(sound).length).toBe(7 * RATE)
    const loud = (seconds: number) =>
      [300, 900, 2700].map((hertz) => amplitudeAt(part(sound, seconds - 0.05, seconds + 0.05), hertz, RATE))
    const expectLoud = (seconds: number, wanted: number[]) => {
      const heard = loud(seconds)
      wanted.forEach((one, index) => expect(heard[index]).toBeCloseTo(one, 2))
    }
    expectLoud(1.5, [0.5, 0, 0])
    expectLoud(2.25, [0.375, 0.125, 0])
    expectLoud(2.5, [0.25, 0.25, 0])
    expectLoud(3.5, [0, 0.5, 0])
    expectLoud(4.75, [0, 0.125, 0.375])
    expectLoud(6, [0, 0, 0.5])
    expect(job.warnings).toBeUndefined()
  },
)

describe.concurrent('an audiobook', () => {
  test('has a chapter for each file by its title or name, its own where it has some, and the first cover', async () => {
    const book = await converter.tagged('a.m4a')
    const uploadIds = [
      await converter.take('01 Prologue.mp3', sine(300, 2.5, { flags: ['-c:a', 'libmp3lame'] })),
      await converter.add(book),
      await tagged('a.flac'),
    ]
    const { file, job } = await converter.make({ uploadIds, preset: 'audiobook' })
    const { chapters, cover, tags } = await readTagged(file)
    const [own, other] = CHAPTERS
    const wanted = [
      [0, '01 Prologue'],
      [2500, own?.title],
      [2500 + (other?.startMs ?? 0), other?.title],
      [1000 * ((await secondsOf(converter.at('01 Prologue.mp3'))) + (await secondsOf(book))), TAGS['title']],
    ]
    expect(chapters.map(({ title }) => title)).toEqual(wanted.map(([, title]) => title))
    for (const [index, { startMs }] of chapters.entries())
      expect(Math.abs(startMs - Number(wanted[index]?.[0]))).toBeLessThanOrEqual(2)
    expect(cover).toBeDefined()
    expect(tags['title']).toBeUndefined() // not all have it
    expect(job.result).toMatchObject({ name: '01 Prologue.m4b' })
    expect(job.warnings).toBeUndefined()
  })

  test('keeps tags that all its files share, and gets those that are set', async () => {
    const uploadIds = [await tagged('a.mp3'), await tagged('a.ogg')]
    const options = { metadata: { title: 'The whole' }, name: 'Book', crossfadeMs: 200 }
    const { file, job } = await converter.make({ uploadIds, format: 'm4b', options })
    const { tags, chapters } = await readTagged(file)
    expect(tags).toMatchObject({ title: 'The whole', artist: TAGS['artist'], album: TAGS['album'] })
    expect(job.name).toBe('Book.m4b')
    expect(chapters.map(({ startMs }) => startMs)).toEqual([0, 1500, 3800])
  })
})
