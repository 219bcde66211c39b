import path from 'node:path'
import type { Media } from '../contract/index.ts'
import { layoutNamed, usualLayout, type Layout } from './layouts.ts'
import type { Probed } from './probe.ts'
import type { Chapter, Tags } from './tags.ts'

/** Facts of several files that become one; `name` stands for a title where a file has none. */
export type Joinable<Facts> = { name: string; media: Facts }

/**
 * What several files are as one: the highest rate, most channels and greatest depth of them, so that none loses
 * anything, the tags they all share, and a chapter for each, which keeps its own where it has some.
 */
export function joinedMedia(files: readonly Joinable<Media>[], crossfadeMs: number): Media {
  const all = files.map(({ media }) => media)
  const [first] = all
  if (!first) throw new Error('There is nothing to join.')
  const depths = all.map(({ bitDepth }) => bitDepth)
  const bitDepth = depths.every((depth) => depth !== undefined) ? Math.max(...depths) : undefined
  return {
    container: first.container,
    codec: all.every(({ codec }) => codec === first.codec) ? first.codec : 'several',
    durationMs: joinedDuration(all, crossfadeMs),
    sampleRateHz: Math.max(...all.map(({ sampleRateHz }) => sampleRateHz)),
    ...widest(all),
    ...(bitDepth !== undefined && { bitDepth }),
    ...(bitDepth !== undefined && all.some(({ float }) => float) && { float: true }),
    tags: sharedTags(all.map(({ tags }) => tags)),
    artwork: all.some(({ artwork }) => artwork),
    chapters: all.reduce((sum, { chapters }) => sum + Math.max(1, chapters), 0),
  }
}

/** The same for files that lie here, as one source. */
export function joinedSource(files: readonly Joinable<Probed>[], crossfadeMs: number): Probed {
  const told = files.map(({ name, media }) => ({
    name,
    media: { ...media, chapters: media.chapters.length },
  }))
  return {
    ...joinedMedia(told, crossfadeMs),
    writtenTags: sharedTags(files.map(({ media }) => media.writtenTags)),
    chapters: joinedChapters(files, crossfadeMs),
  }
}

/** Links of one chain as one source: as long as all, and nothing lost; the first says what it is. */
export function chainedSource(links: readonly Probed[]): Probed {
  const [first] = links
  if (!first) throw new Error('There is nothing in the chain.')
  if (links.length === 1) return first
  const told = links.map((media) => ({ name: '', media: { ...media, chapters: media.chapters.length } }))
  const { durationMs, sampleRateHz, channels, layout, bitDepth } = joinedMedia(told, 0)
  return {
    ...first,
    durationMs,
    sampleRateHz,
    channels,
    ...layoutNamed(layout),
    ...(bitDepth !== undefined && { bitDepth }),
  }
}

/** The first of those with the most channels says where they are. */
function widest(all: readonly Media[]): Layout {
  const most = Math.max(...all.map(({ channels }) => channels))
  const layout = all.find(({ channels, layout }) => channels === most && layout !== undefined)?.layout
  return { channels: most, ...layoutNamed(layout ?? usualLayout(most)) }
}

function joinedDuration(all: readonly Pick<Media, 'durationMs'>[], crossfadeMs: number): number | null {
  const sum = all.reduce<number | null>(
    (total, { durationMs }) => (total === null || durationMs === null ? null : total + durationMs),
    0,
  )
  return sum === null ? null : sum - crossfadeMs * (all.length - 1)
}

function sharedTags([first = {}, ...others]: readonly Tags[]): Tags {
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((tags) => tags[name] === value)),
  )
}

function joinedChapters(files: readonly Joinable<Probed>[], crossfadeMs: number): Chapter[] {
  let startMs = 0
  return files.flatMap(({ name, media: { chapters, durationMs, writtenTags } }, index) => {
    const [from, length] = [startMs, durationMs ?? 0]
    startMs += Math.max(0, length - crossfadeMs)
    // The next one begins with its crossfade; after the last there is none.
    const endMs = index === files.length - 1 ? from + length : startMs
    if (chapters.length === 0)
      return [{ startMs: from, endMs, title: titleIn(writtenTags) ?? path.parse(name).name }]
    const at = (ms: number) => Math.min(from + ms, endMs)
    return chapters.map((one) => ({ ...one, startMs: at(one.startMs), endMs: at(one.endMs) }))
  })
}

const titleIn = (tags: Tags) => Object.entries(tags).find(([name]) => name.toLowerCase() === 'title')?.[1]
