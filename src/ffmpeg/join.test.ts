import { describe, expect, test } from 'vitest'
import { newMedia } from '../../test/support/uploads.ts'
import type { Media } from '../contract/index.ts'
import { joinedMedia, joinedSource } from './join.ts'
import type { Probed } from './probe.ts'
import type { Chapter } from './tags.ts'

const joined = (files: Partial<Media>[], crossfadeMs = 0) =>
  joinedMedia(
    files.map((media, at) => ({ name: `${at}.wav`, media: newMedia(media) })),
    crossfadeMs,
  )

describe('several files as one', () => {
  test('have the highest rate, the most channels and the greatest depth of them', () => {
    const media = joined([
      { sampleRateHz: 48_000, channels: 1, bitDepth: 16 },
      { sampleRateHz: 44_100, channels: 2, bitDepth: 24 },
    ])
    expect(media).toMatchObject({ sampleRateHz: 48_000, channels: 2, bitDepth: 24 })
    expect(media.float).toBeUndefined()
  })

  test('have no depth where one of them has none, and are float where one of them is', () => {
    expect(joined([{}, { bitDepth: undefined }]).bitDepth).toBeUndefined()
    expect(joined([{}, { bitDepth: 32, float: true }])).toMatchObject({ bitDepth: 32, float: true })
    expect(joined([{ bitDepth: undefined }, { bitDepth: 32, float: true }]).float).toBeUndefined()
  })

  test('have their channels where the first of those with the most has them', () => {
    const wide = { channels: 6, layout: '5.1(side)' }
    expect(joined([{}, wide, { channels: 6, layout: '5.1' }])).toMatchObject(wide)
    expect(joined([{ channels: 6 }, wide]).layout).toBe('5.1(side)')
    expect(joined([{}, { channels: 6 }]).layout).toBe('5.1')
  })

  test('are of one codec where all of them are', () => {
    expect(joined([{}, {}]).codec).toBe('pcm_s16le')
    expect(joined([{}, { codec: 'mp3' }]).codec).toBe('several')
    expect(joined([{ container: 'mp3' }, {}]).container).toBe('mp3')
  })

  test('last as long as all of them, less each crossfade; nobody knows where one does not tell', () => {
    expect(joined([{ durationMs: 1000 }, { durationMs: 2000 }, { durationMs: 3000 }], 100).durationMs).toBe(
      5800,
    )
    expect(joined([{ durationMs: null }, { durationMs: 2000 }]).durationMs).toBeNull()
    expect(joined([{ durationMs: 2000 }, { durationMs: null }]).durationMs).toBeNull()
  })

  test('have the tags that all of them share', () => {
    const tags = [
      { album: 'a', title: '1', artist: 'x' },
      { album: 'a', title: '2', artist: 'x' },
      { album: 'a', title: '3' },
    ]
    expect(joined(tags.map((one) => ({ tags: one }))).tags).toEqual({ album: 'a' })
  })

  test('have a cover where one of them has, and a chapter each, or those it has', () => {
    expect(joined([{}, { artwork: true }]).artwork).toBe(true)
    expect(joined([{}, {}]).artwork).toBe(false)
    expect(joined([{ chapters: 0 }, { chapters: 1 }, { chapters: 3 }]).chapters).toBe(5)
  })

  test('are at least one', () => {
    expect(() => joined([])).toThrow('nothing to join')
  })
})

test('several files that lie here are one source, with the tags all of them have as they are written', () => {
  const probed = (title: string): Probed => ({
    ...newMedia(),
    chapters: [],
    writtenTags: { ALBUM: 'a', TITLE: title },
  })
  const files = ['1', '2'].map((title) => ({ name: `${title}.wav`, media: probed(title) }))
  expect(joinedSource(files, 0)).toMatchObject({ durationMs: 120_000, writtenTags: { ALBUM: 'a' } })
  expect(joinedSource(files, 0).writtenTags).not.toHaveProperty('TITLE')
})

describe('the chapters of several files', () => {
  function chapters(files: { ms: number | null; title?: string; chapters?: Chapter[] }[], crossfadeMs = 0) {
    const sources = files.map(({ ms, title, chapters: own = [] }, at) => {
      const writtenTags: Record<string, string> = title === undefined ? {} : { TITLE: title }
      const media: Probed = { ...newMedia({ durationMs: ms }), chapters: own, writtenTags }
      return { name: `${at}.x.wav`, media }
    })
    return joinedSource(sources, crossfadeMs).chapters
  }

  test('begin where the files do, with their titles or else their names', () => {
    expect(chapters([{ ms: 1000, title: 'First' }, { ms: 2000 }])).toEqual([
      { startMs: 0, endMs: 1000, title: 'First' },
      { startMs: 1000, endMs: 3000, title: '1.x' },
    ])
  })

  test('begin with their crossfades, and the last one ends with the sound', () => {
    const found = chapters([{ ms: 1000 }, { ms: 2000 }, { ms: 3000 }], 200)
    expect(found.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [0, 800],
      [800, 2600],
      [2600, 5600],
    ])
  })

  test('of a file that has some are its own, at their new places and no longer than it', () => {
    const own = [
      { startMs: 0, endMs: 500, title: 'a' },
      { startMs: 500, endMs: 2000, title: 'b' },
    ]
    expect(chapters([{ ms: 1000 }, { ms: 2000, chapters: own }, { ms: 1000 }], 100).slice(1, 3)).toEqual([
      { startMs: 900, endMs: 1400, title: 'a' },
      { startMs: 1400, endMs: 2800, title: 'b' },
    ])
  })

  test('are of no length where nobody knows how long a file is', () => {
    expect(chapters([{ ms: null }, { ms: 1000 }]).map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [0, 0],
      [0, 1000],
    ])
  })
})
