import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { channelsOf } from '../../src/ffmpeg/layouts.ts'

const run = promisify(execFile)
const ffmpeg = (...args: string[]) =>
  run('ffmpeg', ['-v', 'error', '-y', ...args], { encoding: 'buffer', maxBuffer: 1 << 28 })

export type Sound = {
  file: string
  rateHz: number
  /** FFmpeg's name. */
  layout: string
  frames: number
  /** What FFmpeg makes the file with. */
  flags: readonly string[]
  /** Between -1 and 1. */
  sample: (frame: number, channel: number) => number
}

/** Writes such sounds, all at once; FFmpeg picks the container of each by the file's extension. */
export async function makeSounds(sounds: readonly Sound[]): Promise<void> {
  for (const sound of sounds) await writeFile(rawOf(sound), samplesIn(sound))
  const inputs = sounds.flatMap((sound) => [
    ...['-ch_layout', sound.layout, '-f', 'f64le', '-ar', `${sound.rateHz}`, '-i', rawOf(sound)],
  ])
  const outputs = sounds.flatMap(({ file, flags }, index) => ['-map', `${index}:a`, ...flags, file])
  await ffmpeg(...inputs, ...outputs)
  for (const sound of sounds) await rm(rawOf(sound))
}

const rawOf = ({ file }: Sound) => `${file}.raw`

function samplesIn({ layout, frames, sample }: Sound): Float64Array {
  const channels = countOf(layout)
  return Float64Array.from({ length: frames * channels }, (_, at) =>
    sample(Math.floor(at / channels), at % channels),
  )
}

export const countOf = (layout: string): number => channelsOf(layout)?.length ?? 0

/** Digests of all samples that come out of files, in a form that holds every one of 16 to 32 bits, float or not. */
export async function digestsOf(files: readonly string[]): Promise<string[]> {
  const inputs = files.flatMap((file) => ['-i', file])
  const digests = files.map((file) => `${file}.md5`)
  const outputs = digests.flatMap((digest, index) => [
    ...['-map', `${index}:a:0`, '-c:a', 'pcm_f64le', '-f', 'md5', digest],
  ])
  await ffmpeg(...inputs, ...outputs)
  return Promise.all(digests.map((digest) => readFile(digest, 'utf8')))
}

/** All samples that come out of a file, one array for each channel. */
export async function samplesOf(file: string, channels: number): Promise<Float64Array[]> {
  const { stdout } = await ffmpeg('-i', file, '-map', '0:a:0', '-f', 'f64le', '-')
  const all = new Float64Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length))
  return Array.from({ length: channels }, (_, channel) =>
    Float64Array.from({ length: all.length / channels }, (_, frame) => all[frame * channels + channel] ?? 0),
  )
}

/** What ffprobe says of a file without any of our flags. */
export type Heard = { rateHz: number; channels: number; layout: string; bits: number; float: boolean }

type Stream = {
  sample_rate: string
  channels: number
  channel_layout?: string
  sample_fmt: string
  bits_per_sample: number
  bits_per_raw_sample?: string
}

export async function heardIn(file: string): Promise<Heard> {
  const shown = ['-v', 'error', '-select_streams', 'a', '-show_streams', '-of', 'json']
  const { stdout } = await run('ffprobe', [...shown, file])
  const [found] = (JSON.parse(stdout) as { streams: Stream[] }).streams
  if (!found) throw new Error(`There is no sound in ${file}.`)
  return {
    rateHz: Number(found.sample_rate),
    channels: found.channels,
    layout: found.channel_layout ?? '',
    bits: Number(found.bits_per_raw_sample ?? found.bits_per_sample) || found.bits_per_sample,
    float: found.sample_fmt.startsWith('flt'),
  }
}

/** The layouts FFmpeg has, each with its channels. */
export async function ffmpegLayouts(): Promise<Record<string, string[]>> {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-layouts'])
  const named = stdout.slice(stdout.indexOf('Standard channel layouts'))
  return Object.fromEntries(
    [...named.matchAll(/^(\S+) +([A-Z0-9]+(?:\+[A-Z0-9]+)*)$/gm)].map(([, name = '', channels = '']) => [
      name,
      channels.split('+'),
    ]),
  )
}
