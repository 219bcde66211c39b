import { describe, expect, test } from 'vitest'
import { FORMATS } from './formats.ts'
import { metadataFor } from './metadata-file.ts'
import { movedChapters, tagsFor, wantedTags, withoutTechnical } from './tags.ts'

const format = (id: string) => {
  const found = FORMATS.find((one) => one.id === id)
  if (!found) throw new Error(`There is no format ${id}.`)
  return found
}

describe('the tags of a result', () => {
  test('are those of the source, but for what is true of one file only', () => {
    const source = {
      TITLE: 't',
      encoder: 'Lavf',
      iTunSMPB: '0',
      '_STATISTICS_TAGS-eng': 's',
      CHAPTER001NAME: 'c',
    }
    expect(wantedTags(source, {})).toEqual({ TITLE: 't' })
    expect(withoutTechnical({ encoded_by: 'me', duration: '1' })).toEqual({ encoded_by: 'me' })
  })

  test('are none where they are to be stripped', () => {
    expect(wantedTags({ title: 't' }, { metadata: 'strip' })).toEqual({})
    expect(wantedTags({ title: 't' }, { metadata: 'keep' })).toEqual({ title: 't' })
  })

  test('are set over those of the source, however that writes them, and an empty text removes one', () => {
    const source = { TITLE: 'old', Artist: 'a', album: 'b' }
    expect(wantedTags(source, { metadata: { title: 'new', artist: '' } })).toEqual({
      album: 'b',
      title: 'new',
    })
  })

  test('have any name, also one that every object has', () => {
    const names = Object.getOwnPropertyNames(Object.prototype)
    const source = Object.fromEntries(names.map((name) => [name, 'x']))
    expect(Object.keys(wantedTags(source, { metadata: { title: 't' } }))).toEqual([...names, 'title'])
  })

  test('tell no gain any more where the loudness changes', () => {
    const source = { REPLAYGAIN_TRACK_GAIN: '1', r128_track_gain: '2', title: 't' }
    expect(wantedTags(source, { loudness: {} })).toEqual({ title: 't' })
    expect(wantedTags(source, {})).toEqual(source)
  })

  test('are those that the format takes', () => {
    expect(tagsFor(format('wav'), { Title: 't', composer: 'c' })).toEqual({ Title: 't' })
    expect(tagsFor(format('mp3'), { Title: 't', anything: 'x' })).toEqual({ Title: 't', anything: 'x' })
    expect(tagsFor(format('ac3'), { title: 't' })).toEqual({})
  })

  test('have one of comment and description in Vorbis comments, where both are the same', () => {
    const both = { Comment: 'c', description: 'd' }
    for (const id of ['opus', 'flac', 'vorbis']) expect(tagsFor(format(id), both)).toEqual({ Comment: 'c' })
    expect(tagsFor(format('opus'), { description: 'd' })).toEqual({ description: 'd' })
    expect(tagsFor(format('mp3'), both)).toEqual(both)
  })
})

describe('chapters', () => {
  const chapters = [
    { startMs: 0, endMs: 1000, title: 'a' },
    { startMs: 1000, endMs: 3000, title: 'b' },
    { startMs: 3000, endMs: 4000, title: 'c' },
  ]

  test('stay where they are', () => {
    expect(movedChapters(chapters, {})).toEqual(chapters)
  })

  test('are cut by a trim, and those outside of it are left out', () => {
    expect(movedChapters(chapters, { trim: { startMs: 1500, endMs: 3000 } })).toEqual([
      { startMs: 0, endMs: 1500, title: 'b' },
    ])
    expect(movedChapters(chapters, { trim: { startMs: 3000 } })).toEqual([
      { startMs: 0, endMs: 1000, title: 'c' },
    ])
  })

  test('come sooner at a higher speed', () => {
    expect(movedChapters(chapters, { tempo: 2, trim: { endMs: 3000 } })).toEqual([
      { startMs: 0, endMs: 500, title: 'a' },
      { startMs: 500, endMs: 1500, title: 'b' },
    ])
    expect(movedChapters(chapters.slice(0, 1), { tempo: 1.5 })).toMatchObject([{ endMs: 667 }])
  })
})

describe('the text that FFmpeg reads tags and chapters from', () => {
  const chapters = [
    { startMs: 0, endMs: 3_723_004, title: 'a=b' },
    { startMs: 3_723_004, endMs: 3_724_000 },
  ]
  const text = (id: string, writtenTags: Record<string, string>, cover?: string) =>
    metadataFor(format(id), {}, { writtenTags, chapters }, cover)

  test('has tags first, then chapters in milliseconds', () => {
    expect(text('mp3', { title: 't' }).split('\n')).toEqual([
      ';FFMETADATA1',
      'title=t',
      '[CHAPTER]',
      'TIMEBASE=1/1000',
      'START=0',
      'END=3723004',
      'title=a\\=b',
      '[CHAPTER]',
      'TIMEBASE=1/1000',
      'START=3723004',
      'END=3724000',
      '',
    ])
  })

  test('has no line that a tag could have written: what means something is escaped, and NUL left out', () => {
    const [, ...lines] = metadataFor(
      format('mp3'),
      {},
      { writtenTags: { '[STREAM]': 'x', 'na=me': 'a\n[CHAPTER]\r[CHAPTER]\n;#\\b\0c' }, chapters: [] },
      undefined,
    ).split('\n')
    expect(lines.join('\n')).toBe('\\[STREAM]=x\nna\\=me=a\\\n\\[CHAPTER]\\\r\\[CHAPTER]\\\n\\;\\#\\\\bc\n')
  })

  test('has chapters as tags where the format keeps them so, with a number where they have no title', () => {
    expect(text('opus', {}).split('\n').slice(1, -1)).toEqual([
      'CHAPTER001=00:00:00.000',
      'CHAPTER001NAME=a\\=b',
      'CHAPTER002=01:02:03.004',
      'CHAPTER002NAME=2',
    ])
  })

  test('has no chapters where the format keeps none', () => {
    expect(text('wav', { title: 't' })).toBe(';FFMETADATA1\ntitle=t\n')
  })

  test('has a cover where covers are tags', () => {
    expect(text('opus', {}, 'AAAA')).toContain('METADATA_BLOCK_PICTURE=AAAA\n')
  })
})
