import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Change, JobOptions, JobView } from '../../src/contract/index.ts'
import { Converter } from '../support/converter.ts'
import { CHAPTERS, readTagged, RECIPES, TAGS } from '../support/tagged.ts'

let converter: Converter
beforeAll(async () => {
  converter = await Converter.open()
})
afterAll(() => converter[Symbol.asyncDispose]())

const ITUNES = ['title', 'artist', 'album', 'genre', 'date', 'track', 'comment']
/** What each target is able to keep of what such sources have. */
const TARGETS: Record<string, { tags: 'all' | string[]; cover: boolean; chapters: boolean }> = {
  mp3: { tags: 'all', cover: true, chapters: true },
  aac: { tags: ITUNES, cover: true, chapters: true },
  alac: { tags: ITUNES, cover: true, chapters: true },
  m4b: { tags: ITUNES, cover: true, chapters: true },
  opus: { tags: 'all', cover: true, chapters: true },
  vorbis: { tags: 'all', cover: true, chapters: true },
  flac: { tags: 'all', cover: true, chapters: true },
  aiff: { tags: 'all', cover: true, chapters: true },
  wav: { tags: ITUNES, cover: false, chapters: false },
  wavpack: { tags: 'all', cover: false, chapters: false },
  webm: { tags: 'all', cover: false, chapters: true },
  ac3: { tags: [], cover: false, chapters: false },
}

async function upload(name: string): Promise<{ id: string; file: string }> {
  const file = await converter.tagged(name)
  return { id: await converter.add(file), file }
}

/** Converts; gives the job as it was queued, as it ended, and what another reader finds in the result. */
async function convert(uploadId: string, format: string, options?: JobOptions) {
  const { queued, job, file } = await converter.make({ uploadId, format, options })
  return { queued, done: job, found: await readTagged(file) }
}

/** Lengths are told by containers to their own precision, and a codec's padding is known after the fact. */
const told = ({ changes }: JobView): Change[] => changes.filter(({ what }) => what !== 'durationMs')

describe.each(Object.keys(RECIPES))('from %s', (name) => {
  let source: Awaited<ReturnType<typeof upload>>
  let has: Awaited<ReturnType<typeof readTagged>>
  beforeAll(async () => {
    source = await upload(name)
    has = await readTagged(source.file)
  })

  test.concurrent.each(Object.entries(TARGETS))(
    'to %s: all that it can hold, and the rest is told',
    async (format, takes) => {
      const { queued, done, found } = await convert(source.id, format)
      const kept = Object.keys(TAGS)
        .map((tag) => tag.toLowerCase())
        .filter((tag) => tag in has.tags && (takes.tags === 'all' || takes.tags.includes(tag)))
      const called = (tag: string) => (format === 'webm' ? tag.replaceAll(' ', '_') : tag) // Matroska has no spaces in names
      for (const tag of kept) expect([tag, found.tags[called(tag)]]).toEqual([tag, has.tags[tag]])
      expect(found.cover).toBe(takes.cover ? has.cover : undefined)
      expect(found.chapters).toEqual(takes.chapters ? has.chapters : [])
      expect(told(done)).toEqual(told(queued))
      expect(done.warnings).toBeUndefined()
    },
  )
})

test('the table is not empty: what sources are made with is in them', async () => {
  const { file } = await upload('a.mp3')
  const { tags, chapters, cover } = await readTagged(file)
  for (const [name, value] of Object.entries(TAGS))
    expect([name, tags[name.toLowerCase()]]).toEqual([name, value])
  expect(chapters).toEqual(CHAPTERS.map(({ startMs, title }) => ({ startMs, title })))
  expect(cover).toBeDefined()
})

test('what is dropped is told by name, before and after', async () => {
  const { id } = await upload('a.mp3')
  const { queued, done } = await convert(id, 'wav')
  const expected = expect.arrayContaining([
    { what: 'codec', from: 'mp3', to: 'pcm_s16le' },
    { what: 'tags', from: expect.stringMatching(/musicbrainz album id/) as string, to: null },
    { what: 'artwork', from: 1, to: null },
    { what: 'chapters', from: 2, to: null },
  ]) as Change[]
  expect([queued.changes, done.changes]).toEqual([expected, expected])
})

test('tags are set, removed one by one, or all stripped; covers go on request', async () => {
  const { id } = await upload('a.flac')
  const title = 'New = title; #2\nsecond line'
  const edited = await convert(id, 'mp3', { metadata: { title, genre: '', composer: 'Somebody' } })
  expect(edited.found.tags).toMatchObject({ title, composer: 'Somebody', artist: TAGS['artist'] })
  expect(edited.found.tags).not.toHaveProperty('genre')
  expect(edited.found.cover).toBeDefined()
  const stripped = await convert(id, 'opus', { metadata: 'strip', artwork: 'strip' })
  expect(Object.keys(stripped.found.tags)).toEqual(['encoder'])
  expect(stripped.found.cover).toBeUndefined()
})

test('gains of the source are dropped when the loudness changes, and chapters move with a trim and the tempo', async () => {
  const { id } = await upload('a.mp3')
  const { found } = await convert(id, 'flac', {
    ...{ loudness: { integratedLufs: -20 }, trim: { startMs: 1000, endMs: 3000 }, tempo: 2 },
  })
  expect(found.tags).not.toHaveProperty('replaygain_track_gain')
  expect(found.chapters).toEqual([
    { startMs: 0, title: 'One = 1' },
    { startMs: 250, title: 'Zwei 🎵' },
  ])
})
