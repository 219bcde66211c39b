import { describe, expect, test } from 'vitest'
import { thrownBy } from '../../test/support/thrown.ts'
import { newMedia, newSession } from '../../test/support/uploads.ts'
import type { JobRequest, Media } from '../contract/index.ts'
import { FORMATS, PRESETS } from '../ffmpeg/index.ts'
import type { Session } from '../uploads/index.ts'
import { sourceOf, uploadIdsOf, wishOf, type Claimed, type Wish } from './job-request.ts'

const HOUR = 3_600_000
const COVER = { digest: 'd', mimeType: 'image/png' as const, size: 9 }

const claimed = (media: Partial<Media> = {}, session: Partial<Session> = {}): Claimed => ({
  session: newSession(0, { state: 'ready', ...session }),
  media: newMedia(media),
})

const wish = (options: Wish['options'] = {}, format = 'mp3'): Wish =>
  wishOf({ uploadId: 'u', format, options }, FORMATS)
/** Of several uploads that are joined. */
const joinedWish = (options: Wish['options'] = {}): Wish =>
  wishOf({ uploadIds: ['a', 'b'], format: 'mp3', options }, FORMATS)

const made = (all: Claimed[], wanted = wish()) => sourceOf(all, wanted, HOUR)

describe('uploads of a request', () => {
  test('are one, or several in order', () => {
    expect(uploadIdsOf({ uploadId: 'a', format: 'mp3' })).toEqual(['a'])
    expect(uploadIdsOf({ uploadIds: ['b', 'a'], format: 'mp3' })).toEqual(['b', 'a'])
  })
})

describe('what is to be made', () => {
  const request = (values: Partial<JobRequest>) => wishOf({ uploadId: 'u', ...values }, FORMATS)

  test('is a format with the options that were asked for', () => {
    const { format, options } = request({ format: 'flac', options: { bitDepth: 24 } })
    expect(format.id).toBe('flac')
    expect(options).toEqual({ bitDepth: 24 })
  })

  test('is a format without options where none were asked for', () => {
    expect(request({ format: 'opus' }).options).toEqual({})
  })

  test.each(PRESETS.map(({ id }) => id))('is what the preset "%s" says', (preset) => {
    const known = PRESETS.find(({ id }) => id === preset)
    const { format, options } = request({ preset })
    expect(format.id).toBe(known?.format)
    expect(options).toEqual(known?.options)
  })

  test('is refused with the formats there are, where there is none of that name', () => {
    const refused = { code: 'unknown-format', facts: { known: ['flac', 'mp3'] } }
    const formats = FORMATS.filter(({ id }) => ['mp3', 'flac'].includes(id)).sort((a, b) =>
      a.id < b.id ? -1 : 1,
    )
    for (const format of ['opus', 'MP3', undefined])
      expect(thrownBy(() => wishOf({ uploadId: 'u', format }, formats))).toMatchObject(refused)
  })

  test('is refused where this machine cannot make the format of a preset', () => {
    const formats = FORMATS.filter(({ id }) => id !== 'opus')
    expect(thrownBy(() => wishOf({ uploadId: 'u', preset: 'voice' }, formats))).toMatchObject({
      code: 'unknown-format',
      message: expect.stringContaining('"opus"') as string,
    })
  })

  test('is refused with the presets there are, where there is none of that name', () => {
    expect(thrownBy(() => request({ preset: 'loud' }))).toMatchObject({
      code: 'unknown-preset',
      facts: { known: PRESETS.map(({ id }) => id) },
    })
  })

  test('is refused by the name of the option that the format does not take', () => {
    expect(thrownBy(() => request({ format: 'mp3', options: { bitDepth: 24 } }))).toMatchObject({
      code: 'invalid-option',
      facts: { option: 'bitDepth' },
    })
  })

  test('knows crossfades where uploads are joined, and none unless it is asked for', () => {
    expect(joinedWish().options).toEqual({ crossfadeMs: 0 })
    expect(joinedWish({ crossfadeMs: 300 }).options).toEqual({ crossfadeMs: 300 })
  })

  test('knows no crossfade of one upload', () => {
    expect(thrownBy(() => wish({ crossfadeMs: 300 }))).toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('several uploads') as string,
      facts: { option: 'crossfadeMs' },
    })
  })

  test('takes a preset for joined uploads, too', () => {
    const { options } = wishOf({ uploadIds: ['a', 'b'], preset: 'music' }, FORMATS)
    expect(options).toEqual({ crossfadeMs: 0, quality: 0 })
  })
})

describe('a job of one upload', () => {
  test('is told its source', () => {
    const one = claimed()
    const { source, joined } = made([one])
    expect(source).toMatchObject({ uploadId: one.session.uploadId, name: 'song.wav', size: 25 })
    expect(source.media).toEqual(one.media)
    expect(joined).toBeUndefined()
  })

  test('keeps the tags that people know a track by, cut short, and no others', () => {
    const tags = {
      title: 't'.repeat(81),
      artist: 'a',
      album: 'b',
      date: '1999',
      track: '1',
      comment: 'c',
      isrc: 'i',
    }
    expect(made([claimed({ tags })]).source.media.tags).toEqual({
      title: 't'.repeat(80),
      artist: 'a',
      album: 'b',
      date: '1999',
      track: '1',
    })
  })

  test('is told what will change, by all tags the source has', () => {
    const { changes } = made([claimed({ tags: { isrc: 'i', title: 't' } })], wish({}, 'wav'))
    expect(changes).toEqual([{ what: 'tags', from: 'isrc', to: null }])
    expect(made([claimed()], wish({ channels: 1 })).changes).toEqual([
      { what: 'codec', from: 'pcm_s16le', to: 'mp3' },
      { what: 'channels', from: 2, to: 1 },
    ])
  })

  test('needs a source', () => {
    expect(() => made([])).toThrow('at least one source')
  })
})

describe('the name of a result', () => {
  test('is that of its source with another extension', () => {
    expect(made([claimed({}, { name: 'My song.flac' })]).name).toBe('My song.mp3')
  })

  test('is the one that was asked for, and what looks like an extension of it is a part of it', () => {
    expect(made([claimed()], wish({ name: 'Take 1.5' })).name).toBe('Take 1.5.mp3')
  })

  test('leads nowhere else', () => {
    expect(made([claimed()], wish({ name: '../../etc/passwd' })).name).toBe('passwd.mp3')
  })

  test('is refused where nothing is left of it', () => {
    expect(thrownBy(() => made([claimed()], wish({ name: '..' })))).toMatchObject({
      code: 'invalid-option',
      facts: { option: 'name' },
    })
  })
})

describe('a cover that was sent', () => {
  test('is noted with the job that wants it', () => {
    expect(made([claimed({}, { cover: COVER })], wish({ artwork: 'uploaded' })).cover).toEqual(COVER)
  })

  test('is not noted with a job that does not', () => {
    for (const options of [{}, { artwork: 'keep' }, { artwork: 'strip' }])
      expect(made([claimed({}, { cover: COVER })], wish(options)).cover).toBeUndefined()
  })

  test('is missed where a job wants one and none was sent', () => {
    const other = claimed({}, { cover: COVER })
    for (const all of [[claimed()], [claimed(), other]])
      expect(thrownBy(() => made(all, { ...joinedWish(), options: { artwork: 'uploaded' } }))).toMatchObject({
        code: 'invalid-option',
        facts: { option: 'artwork' },
      })
  })
})

describe('lengths', () => {
  const tooLong = (durationMs: number) => ({ code: 'too-long', facts: { durationMs, limitMs: HOUR } })

  test('a trim begins before the end of the audio', () => {
    expect(made([claimed()], wish({ trim: { startMs: 59_999 } })).source).toBeDefined()
    expect(thrownBy(() => made([claimed()], wish({ trim: { startMs: 60_000 } })))).toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('60000 ms') as string,
      facts: { option: 'trim' },
    })
  })

  test('a trim of audio whose end nobody knows is taken', () => {
    expect(made([claimed({ durationMs: null })], wish({ trim: { startMs: 60_000 } })).source).toBeDefined()
  })

  test('a trim that says nothing of its beginning begins at the beginning', () => {
    expect(made([claimed({ durationMs: 1 })], wish({ trim: { endMs: 1 } })).source).toBeDefined()
  })

  test('an empty file that nobody wants trimmed is none of its business', () => {
    expect(made([claimed({ durationMs: 0 })]).source.media.durationMs).toBe(0)
  })

  test('a source may be as long as the limit, and no longer, even if only a part of it is wanted', () => {
    const part = wish({ trim: { endMs: 1000 } })
    expect(made([claimed({ durationMs: HOUR })]).source).toBeDefined()
    expect(thrownBy(() => made([claimed({ durationMs: HOUR + 1 })], part))).toMatchObject(tooLong(HOUR + 1))
  })

  test('a result may be as long as the limit, and no longer', () => {
    const slow = wish({ tempo: 0.5 })
    expect(made([claimed({ durationMs: HOUR / 2 })], slow).source).toBeDefined()
    expect(thrownBy(() => made([claimed({ durationMs: HOUR / 2 + 1 })], slow))).toMatchObject(
      tooLong(HOUR + 2),
    )
  })

  test('a result of an unknown source may be told by its trim alone', () => {
    const part = wish({ trim: { endMs: HOUR + 1 } })
    expect(thrownBy(() => made([claimed({ durationMs: null })], part))).toMatchObject(tooLong(HOUR + 1))
    expect(made([claimed({ durationMs: null })]).source).toBeDefined()
  })
})

describe('a joined job', () => {
  const first = claimed({ durationMs: 10_000, channels: 1 }, { name: '1.wav', size: 100 })
  const second = claimed({ durationMs: 20_000, sampleRateHz: 48_000 }, { name: '2.wav', size: 200 })

  test('is told all its sources in order', () => {
    expect(made([first, second], joinedWish()).joined).toEqual([
      { uploadId: first.session.uploadId, name: '1.wav', size: 100, durationMs: 10_000 },
      { uploadId: second.session.uploadId, name: '2.wav', size: 200, durationMs: 20_000 },
    ])
  })

  test('stands for all of them with the name of the first, and with the size and length of all', () => {
    const { source, name } = made([first, second], joinedWish())
    expect(source).toMatchObject({ uploadId: first.session.uploadId, name: '1.wav', size: 300 })
    expect(source.media).toMatchObject({ durationMs: 30_000, channels: 2, sampleRateHz: 48_000, chapters: 2 })
    expect(name).toBe('1.mp3')
  })

  test('is shorter by each crossfade', () => {
    expect(made([first, second, first], joinedWish({ crossfadeMs: 1000 })).source.media.durationMs).toBe(
      38_000,
    )
  })

  test('takes crossfades up to half of the shortest file, whose name is told otherwise', () => {
    expect(made([second, first], joinedWish({ crossfadeMs: 5000 })).source).toBeDefined()
    expect(thrownBy(() => made([second, first], joinedWish({ crossfadeMs: 5001 })))).toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('"1.wav"') as string,
      facts: { option: 'crossfadeMs' },
    })
  })

  test('takes files whose length nobody knows', () => {
    const unknown = claimed({ durationMs: null })
    expect(made([first, unknown], joinedWish({ crossfadeMs: 1000 })).source.media.durationMs).toBeNull()
  })

  test('is measured as a whole', () => {
    const long = claimed({ durationMs: HOUR - 10_000 })
    expect(made([first, long], joinedWish()).source).toBeDefined()
    expect(() => made([first, first, long], joinedWish())).toThrow('What is to be converted')
  })
})
