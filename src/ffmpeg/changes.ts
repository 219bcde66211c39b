import type { Change, Media } from '../contract/index.ts'
import { isSameSound } from './layouts.ts'
import { withoutTechnical } from './tags.ts'

/** Padding of codecs and rounding of containers are no change of length. */
const SAME_LENGTH_MS = 200

/** In what a result is not as its source: told before by what is foretold, after by what was found. */
export function changesBetween(source: Media, result: Media): Change[] {
  const changes: Change[] = []
  const tell = (what: Change['what'], from: Change['from'], to: Change['to']) => {
    if (from !== to) changes.push({ what, from, to })
  }
  tell('codec', source.codec, result.codec)
  tell('sampleRateHz', source.sampleRateHz, result.sampleRateHz)
  tell('channels', source.channels, result.channels)
  if (source.channels === result.channels && source.layout && result.layout)
    if (!isSameSound(source.layout, result.layout)) tell('layout', source.layout, result.layout)
  if (source.bitDepth && result.bitDepth) tell('bitDepth', source.bitDepth, result.bitDepth)
  const { durationMs } = source
  if (durationMs !== null && result.durationMs !== null)
    if (Math.abs(durationMs - result.durationMs) > SAME_LENGTH_MS)
      tell('durationMs', durationMs, result.durationMs)
  tell('tags', droppedTags(source, result), null)
  if (source.artwork && !result.artwork) tell('artwork', 1, null)
  if (source.chapters > result.chapters) tell('chapters', source.chapters, result.chapters || null)
  return changes
}

/** Names of tags that the result has not; null when it has all. */
function droppedTags(source: Media, result: Media): string | null {
  const has = new Set(Object.keys(result.tags).map(generic))
  const dropped = Object.keys(withoutTechnical(source.tags)).filter((name) => !has.has(generic(name)))
  return dropped.length === 0 ? null : dropped.sort().join(', ')
}

/** Containers call some tags by other names, and FFmpeg gives them back in their own words. */
function generic(name: string): string {
  const plain = name.toLowerCase().replaceAll(' ', '_') // Matroska has no spaces in names
  return SAME_TAG[plain] ?? plain
}
const SAME_TAG: Record<string, string> = { description: 'comment', year: 'date' }
