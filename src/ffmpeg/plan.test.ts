import { describe, expect, test } from 'vitest'
import { newMedia } from '../../test/support/uploads.ts'
import type { JobOptions } from '../contract/index.ts'
import { FORMATS } from './formats.ts'
import { expectedDuration, foretell, planConversion, type PlannedSource } from './plan.ts'

const format = (id: string) => {
  const found = FORMATS.find((one) => one.id === id)
  if (!found) throw new Error(`There is no format ${id}.`)
  return found
}
const source = (values: Partial<PlannedSource> = {}): PlannedSource => ({ ...newMedia(), ...values })
const plan = (id: string, options: JobOptions = {}, values: Partial<PlannedSource> = {}) =>
  planConversion(format(id), options, source(values))

const MP3 = { codec: 'mp3', container: 'mp3', bitDepth: undefined }

describe('audio is copied', () => {
  test('where the format takes it as it is, with all that is known of it', () => {
    expect(plan('mp3', {}, { ...MP3, sampleRateHz: 22_050, channels: 1 })).toEqual({
      copy: true,
      target: { codec: 'mp3', sampleRateHz: 22_050, channels: 1 },
      expectedMs: 60_000,
    })
    const float = { codec: 'pcm_f32le', bitDepth: 32, float: true, channels: 6, layout: '5.1' }
    expect(plan('wav', {}, float).target).toMatchObject({ bitDepth: 32, float: true, layout: '5.1' })
  })

  test('from the containers that tell all that belongs to it, and from no other', () => {
    expect(plan('mp3', {}, { ...MP3, container: 'matroska' }).copy).toBe(false)
    expect(plan('flac', {}, { codec: 'flac', container: 'matroska' }).copy).toBe(true)
  })

  test('even with other tags, another cover or another name', () => {
    const options = { metadata: { title: 't' }, artwork: 'strip', name: 'n' }
    expect(plan('mp3', options, MP3).copy).toBe(true)
  })

  test.each([
    ['bitrateKbps', 128],
    ['quality', 2],
    ['sampleRateHz', 44_100],
    ['channels', 2],
    ['bitDepth', 16],
    ['compressionLevel', 1],
    ['application', 'audio'],
    ['trim', {}],
    ['fadeInMs', 0],
    ['fadeOutMs', 0],
    ['tempo', 1],
    ['loudness', {}],
    ['crossfadeMs', 0],
  ])('never where %s is asked for', (name, value) => {
    expect(plan('mp3', { [name]: value }, MP3).copy).toBe(false)
  })

  test('never where it may not be', () => {
    expect(planConversion(format('mp3'), {}, source(MP3), { mayCopy: false }).copy).toBe(false)
  })
})

describe('the sample rate', () => {
  const rate = (id: string, options: JobOptions, sampleRateHz: number) =>
    plan(id, options, { sampleRateHz }).target.sampleRateHz

  test('is that of the source where the codec has it, else the next higher one, else the highest', () => {
    expect([44_100, 30_000, 96_000].map((hz) => rate('mp3', {}, hz))).toEqual([44_100, 32_000, 48_000])
  })

  test('is any up to the highest where the codec takes any', () => {
    expect([11_111, 192_001].map((hz) => rate('vorbis', {}, hz))).toEqual([11_111, 192_000])
  })

  test('is the one that was asked for', () => {
    expect(rate('mp3', { sampleRateHz: 8000 }, 44_100)).toBe(8000)
  })
})

describe('the bit depth', () => {
  const depth = (id: string, options: JobOptions, values: Partial<PlannedSource>) => {
    const { bitDepth, float } = plan(id, options, { codec: 'ape', ...values }).target
    return [bitDepth, float]
  }

  test('is that of the source where the format has it, else the next higher one, else the highest', () => {
    const found = [8, 16, 20, 24, 32].map((bitDepth) => depth('flac', {}, { bitDepth })[0])
    expect(found).toEqual([16, 16, 24, 24, 24])
  })

  test('of a lossy source is sixteen', () => {
    expect(depth('flac', {}, { bitDepth: undefined })).toEqual([16, undefined])
  })

  test('is none of a lossy format', () => {
    expect(depth('opus', {}, { bitDepth: 24 })).toEqual([undefined, undefined])
  })

  test('is the one that was asked for', () => {
    expect(depth('flac', { bitDepth: 16 }, { bitDepth: 24 })[0]).toBe(16)
  })

  test('of 32 bits is float, unless the source has as many and is none', () => {
    expect(depth('wav', {}, { bitDepth: 32, float: true })).toEqual([32, true])
    expect(depth('wav', {}, { bitDepth: 32, float: false })).toEqual([32, undefined])
    expect(depth('wav', {}, { bitDepth: 32 })).toEqual([32, undefined])
    expect(depth('wav', { bitDepth: 32 }, { bitDepth: 24 })).toEqual([32, true])
    expect(depth('wav', {}, { bitDepth: 24 })).toEqual([24, undefined])
  })

  test('names the codec of PCM', () => {
    expect(plan('wav', { bitDepth: 32 }).target.codec).toBe('pcm_f32le')
    expect(plan('aiff', { bitDepth: 24 }).target.codec).toBe('pcm_s24be')
  })
})

describe('the length of a result', () => {
  test.each([
    [{}, 10_000, 10_000],
    [{ trim: { startMs: 1000 } }, 10_000, 9000],
    [{ trim: { endMs: 4000 } }, 10_000, 4000],
    [{ trim: { startMs: 1000, endMs: 99_000 } }, 10_000, 9000],
    [{ trim: { startMs: 11_000 } }, 10_000, 0],
    [{ tempo: 2 }, 10_001, 5001],
    [{ trim: { startMs: 1000, endMs: 4000 }, tempo: 0.5 }, 10_000, 6000],
    [{ trim: { endMs: 4000 } }, null, 4000],
    [{ trim: { startMs: 4000 } }, null, null],
    [{}, null, null],
  ])('with %o of %s ms is %s ms', (options, durationMs, expectedMs) => {
    expect(expectedDuration(options, durationMs)).toBe(expectedMs)
  })
})

describe('what is foretold', () => {
  const told = (id: string, options: JobOptions = {}, values: Partial<PlannedSource> = {}) =>
    foretell(format(id), options, source(values))

  test('is the container, codec, length and tags of the result', () => {
    expect(told('mp3', { trim: { endMs: 9000 } }, { tags: { title: 't' } })).toEqual({
      container: 'mp3',
      codec: 'mp3',
      durationMs: 9000,
      sampleRateHz: 44_100,
      channels: 2,
      tags: { title: 't' },
      artwork: false,
      chapters: 0,
    })
  })

  test('is a cover where the format has one and somebody wants it', () => {
    const artwork = (id: string, wish: string | undefined, has: boolean) =>
      told(id, wish === undefined ? {} : { artwork: wish }, { artwork: has }).artwork
    expect([artwork('mp3', undefined, true), artwork('mp3', 'keep', false)]).toEqual([true, false])
    expect([artwork('mp3', 'strip', true), artwork('mp3', 'uploaded', false)]).toEqual([false, true])
    expect(artwork('wav', 'keep', true)).toBe(false)
  })

  test('are the chapters that are left, where the format has any', () => {
    const chapters = [
      { startMs: 0, endMs: 5000 },
      { startMs: 5000, endMs: 9000 },
    ]
    expect(told('mp3', { trim: { startMs: 6000 } }, { chapters }).chapters).toBe(1)
    expect(told('mp3', {}, { chapters: 7 }).chapters).toBe(7)
    expect(told('wav', {}, { chapters: 7 }).chapters).toBe(0)
  })
})
