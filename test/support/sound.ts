import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { channelsOf } from '../../src/ffmpeg/layouts.ts'
import { FFMPEG } from './ffmpeg-paths.ts'

const run = promisify(execFile)
const ffmpeg = (...args: string[]) =>
  run(FFMPEG, ['-v', 'error', '-y', ...args], { encoding: 'buffer', maxBuffer: 1 << 28 })

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

/** What comes out of a file that is decoded: one array of samples for each channel. */
export type Decoded = { rateHz: number; channels: Float64Array[] }

/** Offsets in the header of a Sun audio file, the plainest there is; all numbers are big-endian. */
const AU = { data: 4, rate: 16, channels: 20 }

export async function decoded(file: string): Promise<Decoded> {
  const { stdout } = await ffmpeg('-i', file, '-map', '0:a:0', '-c:a', 'pcm_f64be', '-f', 'au', '-')
  const [start, count] = [stdout.readUInt32BE(AU.data), stdout.readUInt32BE(AU.channels)]
  const bytes = Uint8Array.from(stdout.subarray(start))
  const all = new Float64Array(Buffer.from(bytes.buffer).swap64().buffer)
  const channels = Array.from({ length: count }, (_, channel) =>
    Float64Array.from({ length: all.length / count }, (_, frame) => all[frame * count + channel] ?? 0),
  )
  return { rateHz: stdout.readUInt32BE(AU.rate), channels }
}

/** The layouts FFmpeg has, each with its channels. */
export async function ffmpegLayouts(): Promise<Record<string, string[]>> {
  const { stdout } = await run(FFMPEG, ['-v', 'error', '-layouts'])
  const named = stdout.slice(stdout.indexOf('Standard channel layouts'))
  return Object.fromEntries(
    [...named.matchAll(/^(\S+) +([A-Z0-9]+(?:\+[A-Z0-9]+)*)$/gm)].map(([, name = '', channels = '']) => [
      name,
      channels.split('+'),
    ]),
  )
}
