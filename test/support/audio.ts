import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { makeDataDir } from './embedded.ts'
import { FFMPEG, FFPROBE } from './ffmpeg-paths.ts'

const run = promisify(execFile)

/** Encoder flags that make a small real file of each common source format, by extension. */
export const SOURCES = {
  wav: ['-c:a', 'pcm_s16le'],
  mp3: ['-c:a', 'libmp3lame', '-b:a', '128k'],
  flac: ['-c:a', 'flac'],
  m4a: ['-c:a', 'aac', '-b:a', '128k'],
  ogg: ['-c:a', 'libvorbis', '-q:a', '4'],
} as const

/** Makes a file of two sines, one a channel, with a title; FFmpeg picks the container by the name's extension. */
export async function makeAudio(
  file: string,
  { seconds, flags = [] }: { seconds: number; flags?: readonly string[] },
): Promise<void> {
  const sines = [440, 660].map((hertz) => `sine=frequency=${hertz}:sample_rate=44100:duration=${seconds}`)
  const inputs = sines.flatMap((one) => ['-f', 'lavfi', '-i', one])
  const join = ['-filter_complex', '[0:a][1:a]join=inputs=2:channel_layout=stereo']
  const title = ['-metadata', 'title=Two sines']
  await run(FFMPEG, ['-v', 'error', '-y', ...inputs, ...join, ...title, ...flags, file])
}

/** The bytes of such a file as WAV: 176,400 a second. */
export async function wavOf(seconds: number): Promise<Buffer<ArrayBuffer>> {
  await using folder = await makeDataDir()
  const file = path.join(folder.path, 'song.wav')
  await makeAudio(file, { seconds })
  return await readFile(file)
}

/** What ffprobe says of a file. */
export type Listened = {
  container: string
  codec: string
  durationMs: number
  channels: number
  title: string
}

type Report = {
  format: { format_name: string; duration: string; tags?: Record<string, string> }
  streams: { codec_name: string; channels: number; tags?: Record<string, string> }[]
}

export async function listen(file: string): Promise<Listened> {
  const { stdout } = await run(FFPROBE, [
    ...['-v', 'error', '-of', 'json', '-show_format', '-show_streams', '-select_streams', 'a'],
    file,
  ])
  const { format, streams } = JSON.parse(stdout) as Report
  const tags = { ...streams[0]?.tags, ...format.tags }
  return {
    container: format.format_name,
    codec: streams[0]?.codec_name ?? '',
    durationMs: Number(format.duration) * 1000,
    channels: streams[0]?.channels ?? 0,
    title: tags['title'] ?? tags['TITLE'] ?? '',
  }
}

/** Milliseconds of sound that really come out when a file is decoded, at its own rate. */
export async function decodedMs(file: string): Promise<number> {
  const args = ['-v', 'error', '-i', file, '-f', 's16le', '-ac', '1', '-ar', '8000', '-']
  const { stdout } = await run(FFMPEG, args, { encoding: 'buffer', maxBuffer: 1 << 28 })
  return stdout.length / 2 / 8
}
