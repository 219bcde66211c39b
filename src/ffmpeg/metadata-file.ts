import type { JobOptions } from '../contract/index.ts'
import type { Format } from './format.ts'
import type { Probed } from './probe.ts'
import { movedChapters, tagsFor, wantedTags, type Chapter, type Tags } from './tags.ts'

/** Tags and chapters of a result as text for FFmpeg; `cover`: a picture block in base64, where covers are tags. */
export function metadataFor(
  format: Format,
  options: JobOptions,
  source: Pick<Probed, 'writtenTags' | 'chapters'>,
  cover: string | undefined,
): string {
  const tags = tagsFor(format, wantedTags(source.writtenTags, options))
  const chapters = movedChapters(source.chapters, options)
  const asTags = format.chapters === 'tags' ? chapterTags(chapters) : {}
  const picture: Tags = cover === undefined ? {} : { METADATA_BLOCK_PICTURE: cover }
  return metadataFile({ ...tags, ...asTags, ...picture }, format.chapters === 'muxer' ? chapters : [])
}

/** FFmpeg's metadata format (ffmpeg-formats, "Metadata"): the only way user text takes to FFmpeg. */
function metadataFile(tags: Tags, chapters: readonly Chapter[]): string {
  const lines = Object.entries(tags).map(line)
  const sections = chapters.map(({ startMs, endMs, title }) =>
    [
      ...['[CHAPTER]', 'TIMEBASE=1/1000', `START=${startMs}`, `END=${endMs}`],
      ...(title === undefined ? [] : [line(['title', title])]),
    ].join('\n'),
  )
  return [';FFMETADATA1', ...lines, ...sections, ''].join('\n')
}

const line = ([name, value]: [string, string]) => `${escape(name)}=${escape(value)}`
/** What FFmpeg gives a meaning, and what it might take for the end of a line or the head of a section. */
const escape = (text: string) => text.replaceAll('\0', '').replace(/[=;#[\\\r\n]/g, '\\$&')

/** Chapters as tags, for Ogg and FLAC (wiki.xiph.org, Chapter Extension). */
function chapterTags(chapters: readonly Chapter[]): Tags {
  return Object.fromEntries(
    chapters.flatMap(({ startMs, title }, index) => {
      const name = `CHAPTER${String(index + 1).padStart(3, '0')}`
      return [
        [name, clockTime(startMs)],
        [`${name}NAME`, title ?? `${index + 1}`],
      ]
    }),
  )
}

function clockTime(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const seconds = two((ms / 1000) % 60)
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${seconds}.${String(ms % 1000).padStart(3, '0')}`
}
