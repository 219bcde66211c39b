import type { JobOptions } from '../contract/index.ts'
import type { Format } from './format.ts'

/** What a file says of itself: `names` as written, all values text. */
export type Tags = Record<string, string>

/** A part of a file with a name of its own. Times in milliseconds. */
export type Chapter = { startMs: number; endMs: number; title?: string | undefined }

/**
 * Facts of one file and not of its music: brands of MP4, who encoded it, how much of it is padding, statistics of
 * Matroska. A new file gets its own.
 */
const TECHNICAL =
  /^(major_brand|minor_version|compatible_brands|encoder|handler_name|vendor_id|itunsmpb|itunnorm|tlen|duration|bps|number_of_frames|number_of_bytes|_statistics.*|source_id|metadata_block_picture|chapter\d+.*)$/i

export const withoutTechnical = (tags: Tags): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([name]) => !TECHNICAL.test(name)))

/** Gains (ReplayGain, RFC 7845 R128) are true of the loudness that was measured, and of no other. */
const GAIN = /^(replaygain_|r128_)/i

/** The tags a result is to have: a change of loudness drops gains. */
export function wantedTags(source: Tags, { metadata = 'keep', loudness }: JobOptions): Tags {
  const kept = metadata === 'strip' ? [] : Object.entries(withoutTechnical(source))
  const valid = kept.filter(([name]) => loudness === undefined || !GAIN.test(name))
  const edits = typeof metadata === 'string' ? {} : metadata
  const others = valid.filter(([name]) => !Object.hasOwn(edits, name.toLowerCase()))
  const set = Object.entries(edits).filter(([, value]) => value !== '')
  return Object.fromEntries([...others, ...set])
}

/** Those of them that the format keeps. Vorbis comments call both comment and description DESCRIPTION in FFmpeg. */
export function tagsFor({ tags, chapters, cover }: Format, wanted: Tags): Tags {
  const isVorbisComment = chapters === 'tags' || cover === 'tag'
  const names = new Set(Object.keys(wanted).map((name) => name.toLowerCase()))
  const takes = (name: string) =>
    (tags === 'all' || tags.includes(name)) &&
    !(isVorbisComment && name === 'description' && names.has('comment'))
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => takes(name.toLowerCase())))
}

/** Chapters after a trim and a change of tempo: those that are left, at their new places. */
export function movedChapters(
  chapters: readonly Chapter[],
  { trim: { startMs = 0, endMs = Number.POSITIVE_INFINITY } = {}, tempo = 1 }: JobOptions,
): Chapter[] {
  const at = (ms: number) => Math.round((Math.min(Math.max(ms, startMs), endMs) - startMs) / tempo)
  return chapters
    .map((chapter) => ({ ...chapter, startMs: at(chapter.startMs), endMs: at(chapter.endMs) }))
    .filter((chapter) => chapter.endMs > chapter.startMs)
}
