import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { FFMPEG, FFPROBE } from './ffmpeg-paths.ts'

const run = promisify(execFile)
const ffmpeg = (...args: string[]) => run(FFMPEG, ['-v', 'error', '-y', ...args])

/** Names and values as FFmpeg has them; the texts try every character that its own files give a meaning. */
export const TAGS: Record<string, string> = {
  title: 'Ünïcödé 🎵 = "quoted"; #1 \\ back',
  artist: 'First; Second',
  album: 'An Album',
  genre: 'Field Recording',
  date: '2021-03-04',
  track: '3/12',
  comment: 'line one\nline two',
  'MusicBrainz Album Id': 'b1a9c0e9-d987-4042-ae91-78d6a3267d69',
  replaygain_track_gain: '-3.20 dB',
}
export const CHAPTERS = [
  { startMs: 0, endMs: 1500, title: 'One = 1' },
  { startMs: 1500, endMs: 4000, title: 'Zwei 🎵' },
]
const SECONDS = 4

/** How a source with tags, cover and chapters is made, as far as its container has them. */
export type Recipe = { flags: string[]; cover?: 'stream' | 'attachment'; tags?: 'none'; chapters?: boolean }

const STREAM = { cover: 'stream', chapters: true } as const
export const RECIPES: Record<string, Recipe> = {
  'a.mp3': { flags: ['-c:a', 'libmp3lame', '-id3v2_version', '3'], ...STREAM },
  'a.m4a': { flags: ['-c:a', 'aac', '-f', 'ipod'], ...STREAM },
  'a.flac': { flags: ['-c:a', 'flac'], cover: 'stream' },
  'a.ogg': { flags: ['-c:a', 'libvorbis'] },
  'a.opus': { flags: ['-c:a', 'libopus'], chapters: true },
  'a.wav': { flags: [] },
  'a.aiff': { flags: ['-write_id3v2', '1'], ...STREAM },
  'a.wv': { flags: ['-c:a', 'wavpack'] },
  'a.mka': { flags: ['-c:a', 'flac'], cover: 'attachment', chapters: true },
  'a.aac': { flags: ['-c:a', 'aac'], tags: 'none' },
}

/** Makes such a file in a folder; gives where. */
export async function makeTagged(folder: string, name: string, recipe = RECIPES[name]): Promise<string> {
  if (!recipe) throw new Error(`There is no recipe for ${name}.`)
  const [file, tags, cover] = [name, 'tags.txt', 'cover.png'].map((one) => path.join(folder, one))
  if (!file || !tags || !cover) throw new Error('No folder.')
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=120x120', '-frames:v', '1', cover)
  await writeFile(tags, metadata())
  const sound = `sine=frequency=440:sample_rate=44100:duration=${SECONDS},aformat=channel_layouts=stereo`
  const picture =
    recipe.cover === 'stream'
      ? ['-map', '2:v', '-c:v', 'copy', '-disposition:v', 'attached_pic']
      : recipe.cover === 'attachment'
        ? ['-attach', cover, '-metadata:s:t', 'mimetype=image/png', '-metadata:s:t', 'filename=cover.png']
        : []
  await ffmpeg(
    ...['-f', 'lavfi', '-i', sound, '-f', 'ffmetadata', '-i', tags],
    ...(recipe.cover === 'stream' ? ['-i', cover] : []),
    ...['-map', '0:a', ...picture],
    ...['-map_metadata', recipe.tags === 'none' ? '-1' : '1', '-map_chapters', recipe.chapters ? '1' : '-1'],
    ...[...recipe.flags, file],
  )
  return file
}

function metadata(): string {
  const escape = (text: string) => text.replace(/[=;#\\\n]/g, '\\$&')
  const line = ([name, value]: [string, string]) => `${escape(name)}=${escape(value)}`
  const chapters = CHAPTERS.map(
    ({ startMs, endMs, title }) =>
      `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${startMs}\nEND=${endMs}\ntitle=${escape(title)}`,
  )
  return [';FFMETADATA1', ...Object.entries(TAGS).map(line), ...chapters, ''].join('\n')
}

type Found = {
  /** By lower-case names. */
  tags: Record<string, string>
  chapters: { startMs: number; title: string | undefined }[]
  /** Digest of the cover's bytes, the picture as it is embedded. */
  cover: string | undefined
}

type Report = {
  format: { tags?: Record<string, string> }
  streams: {
    codec_type: string
    index: number
    tags?: Record<string, string>
    disposition: Record<string, number>
  }[]
  chapters: { start_time: string; tags?: Record<string, string> }[]
  /** `data_hash` is the algorithm, a colon, and the digest in hex. */
  packets: { stream_index: number; data_hash: string }[]
}

/** What another reader finds in a file: ffprobe without any of our flags. */
export async function readTagged(file: string): Promise<Found> {
  const shown = ['-show_format', '-show_streams', '-show_chapters', '-show_packets', '-show_data_hash', 'md5']
  const { stdout } = await run(FFPROBE, ['-v', 'error', ...shown, '-of', 'json', file], {
    maxBuffer: 1 << 28,
  })
  const { format, streams, chapters, packets } = JSON.parse(stdout) as Report
  const audio = streams.find(({ codec_type }) => codec_type === 'audio')
  const tags = Object.entries({ ...audio?.tags, ...format.tags })
  const picture = streams.find(({ disposition }) => disposition['attached_pic'] === 1)
  return {
    tags: Object.fromEntries(tags.map(([name, value]) => [name.toLowerCase(), value])),
    chapters: chapters.map(({ start_time, tags: own }) => ({
      startMs: Math.round(Number(start_time) * 1000),
      title: own?.['title'] ?? own?.['TITLE'],
    })),
    cover: packets.find(({ stream_index }) => stream_index === picture?.index)?.data_hash.replace('MD5:', ''),
  }
}
