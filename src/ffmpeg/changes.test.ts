import { describe, expect, test } from 'vitest'
import { newMedia } from '../../test/support/uploads.ts'
import type { Media } from '../contract/index.ts'
import { changesBetween } from './changes.ts'

const changes = (source: Partial<Media>, result: Partial<Media>) =>
  changesBetween(newMedia(source), newMedia(result))

test('a result that is as its source has no changes', () => {
  expect(changes({}, {})).toEqual([])
})

test('what is other is told with both, in order', () => {
  const source = { codec: 'flac', sampleRateHz: 96_000, channels: 6, bitDepth: 24, durationMs: 1000 }
  const result = { codec: 'mp3', sampleRateHz: 48_000, channels: 2, bitDepth: 16, durationMs: 500 }
  expect(changes(source, result)).toEqual([
    { what: 'codec', from: 'flac', to: 'mp3' },
    { what: 'sampleRateHz', from: 96_000, to: 48_000 },
    { what: 'channels', from: 6, to: 2 },
    { what: 'bitDepth', from: 24, to: 16 },
    { what: 'durationMs', from: 1000, to: 500 },
  ])
})

describe('a layout', () => {
  const layouts = (from: string | undefined, to: string | undefined) =>
    changes({ channels: 6, layout: from }, { channels: 6, layout: to }).map(({ what }) => what)

  test('that has other channels is another one', () => {
    expect(layouts('5.1', 'hexagonal')).toEqual(['layout'])
  })

  test('that only calls the surrounding pair by another name is the same, and so is one that nobody knows', () => {
    expect(layouts('5.1', '5.1(side)')).toEqual([])
    expect(layouts(undefined, '5.1')).toEqual([])
    expect(layouts('5.1', undefined)).toEqual([])
  })

  test('of another number of channels is told by that number alone', () => {
    expect(changes({ channels: 6, layout: '5.1' }, { channels: 4, layout: 'quad' })).toHaveLength(1)
  })
})

test('a depth is told where both have one', () => {
  expect(changes({ bitDepth: 24 }, { bitDepth: undefined })).toEqual([])
  expect(changes({ bitDepth: undefined }, { bitDepth: 24 })).toEqual([])
})

test('a length may differ by 200 ms, and is told where both are known', () => {
  expect(changes({ durationMs: 1000 }, { durationMs: 1200 })).toEqual([])
  expect(changes({ durationMs: 1000 }, { durationMs: 1201 })).toHaveLength(1)
  expect(changes({ durationMs: null }, { durationMs: 1201 })).toEqual([])
  expect(changes({ durationMs: 1000 }, { durationMs: null })).toEqual([])
})

describe('tags', () => {
  const dropped = (source: Media['tags'], result: Media['tags']) =>
    changes({ tags: source }, { tags: result }).map(({ from }) => from)

  test('that are gone are told by their names, in order', () => {
    const tags = { title: 't', genre: 'g', artist: 'a' }
    expect(changes({ tags }, { tags: { title: 't' } })).toEqual([
      { what: 'tags', from: 'artist, genre', to: null },
    ])
  })

  test('that a container writes in its own way are there', () => {
    expect(dropped({ description: 'd', year: '1999' }, { comment: 'd', date: '1999' })).toEqual([])
    expect(dropped({ 'album artist': 'a', TITLE: 't' }, { ALBUM_ARTIST: 'a', title: 't' })).toEqual([])
  })

  test('that tell of the file alone are not missed', () => {
    expect(dropped({ encoder: 'Lavf' }, {})).toEqual([])
  })
})

test('a cover and chapters are told where they are fewer', () => {
  expect(changes({ artwork: true, chapters: 3 }, {})).toEqual([
    { what: 'artwork', from: 1, to: null },
    { what: 'chapters', from: 3, to: null },
  ])
  expect(changes({ chapters: 3 }, { chapters: 1 })).toEqual([{ what: 'chapters', from: 3, to: 1 }])
  expect(changes({}, { artwork: true, chapters: 1 })).toEqual([])
})
