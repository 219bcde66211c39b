import type { Media } from '../contract/index.ts'

/** MIME types of containers, by FFmpeg's names of their demuxers, where browsers know them. */
const MIME_TYPES: Record<string, string> = {
  ...{ mp3: 'audio/mpeg', flac: 'audio/flac', wav: 'audio/wav', mov: 'audio/mp4', ogg: 'audio/ogg' },
  matroska: 'audio/webm',
}
/** FFmpeg has one demuxer for WebM and Matroska: only with these codecs a browser takes it for WebM. */
const IN_WEBM = /^(opus|vorbis)$/

/** What a file is to a browser, by what was found in it; `application/octet-stream` where it would not know. */
export function mimeTypeOfMedia({ container, codec }: Pick<Media, 'container' | 'codec'>): string {
  const known = container !== 'matroska' || IN_WEBM.test(codec)
  return (known && MIME_TYPES[container]) || 'application/octet-stream'
}
