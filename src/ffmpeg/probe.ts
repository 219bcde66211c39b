import path from 'node:path'
import { z } from 'zod'
import { Media } from '../contract/index.ts'
import { isOfTheFile, runTool, ToolFailed } from './child.ts'
import { HARDENED_INPUT, wrap } from './command.ts'
import { packetsMs, samplesMs, type Counting } from './count.ts'
import { endsEarly } from './file-end.ts'
import { layoutNamed } from './layouts.ts'
import { linksOf } from './ogg-links.ts'
import { withoutTechnical, type Chapter, type Tags } from './tags.ts'
import type { Tools } from './tools.ts'

const isString = (value: unknown) => typeof value === 'string'

/** What a file holds, as ffprobe sees it: what is told of it, and what only a conversion needs. */
export type Probed = Omit<Media, 'chapters'> & {
  chapters: readonly Chapter[]
  /** Names of tags as they are written in the file. */
  writtenTags: Tags
  /** Samples in front that the container says to leave out, and this FFmpeg does: the encoder's delay. */
  delaySamples?: number
  /** The picture stream that is the cover. */
  cover?: { stream: number; codec: string } | undefined
  /** The file ends before it says it does: something was cut off. */
  cut?: true
  /** An Ogg file of several links, whose times begin anew with each. */
  chained?: true
  /** It goes on where the file before it ends: no fade and no chapter belong between them. */
  goesOn?: true
}

/** What is told of a file. */
export const mediaOf = ({ chapters, ...found }: Probed): Media =>
  Media.parse({ ...found, chapters: chapters.length })

/** The file is not one that we open; `reason` is ffprobe's, without paths. */
export class NotAudio extends Error {
  readonly reason: string

  constructor(reason: string) {
    super(`Not audio: ${reason}`)
    this.reason = reason
  }
}

/** It was opened, and has no audio in it. */
export class NoAudioStream extends NotAudio {}

/** Any name is kept: a record of Zod leaves out a tag named `__proto__`. */
const TagRecord = z
  .custom<Tags>((tags) => typeof tags === 'object' && tags !== null && Object.values(tags).every(isString))
  .default({})
const Stream = z.looseObject({
  index: z.number().int(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  sample_rate: z.coerce.number().int().optional(),
  channels: z.number().int().optional(),
  channel_layout: z.string().optional(),
  start_time: z.coerce.number().optional(),
  duration: z.coerce.number().optional(),
  sample_fmt: z.string().optional(),
  bits_per_sample: z.number().int().optional(),
  bits_per_raw_sample: z.coerce.number().int().optional(),
  initial_padding: z.number().int().optional(),
  disposition: z.looseObject({ attached_pic: z.number() }).partial().optional(),
  tags: TagRecord,
})
const Report = z.object({
  format: z
    .object({
      format_name: z.string(),
      duration: z.coerce.number().optional(),
      bit_rate: z.coerce.number().optional(),
      tags: TagRecord,
    })
    .optional(),
  streams: z.array(Stream).default([]),
  chapters: z
    .array(z.object({ start_time: z.coerce.number(), end_time: z.coerce.number(), tags: TagRecord }))
    .default([]),
})
type Stream = z.infer<typeof Stream>

/**
 * Reads what `file` (a name inside `folder`) holds, with the hardened command line.
 * Throws {@link NotAudio} when ffprobe cannot open it or finds no audio stream.
 */
export async function probe(
  tools: Tools,
  folder: string,
  file: string,
  signal?: AbortSignal,
): Promise<Probed> {
  const shown = ['-of', 'json', '-show_format', '-show_streams', '-show_chapters']
  const args = ['-v', 'warning', ...HARDENED_INPUT, ...shown, '-i', `file:${file}`]
  const { stdout, stderr } = await runTool(
    wrap([tools.ffprobe, ...args], tools.wrappers),
    folder,
    signal,
  ).catch((error: unknown) => {
    if (error instanceof ToolFailed && isOfTheFile(error)) throw new NotAudio(lastLine(error.stderr, file))
    throw error
  })
  const report = Report.parse(JSON.parse(stdout))
  const at = path.join(folder, file)
  const [isCut, links] = [await endsEarly(at), await linksOf(at)]
  const found = {
    ...describe(report),
    ...(isCut && { cut: true as const }),
    ...(links.length > 1 && { chained: true as const }),
  }
  return { ...found, durationMs: await trueLength(found, stderr, { tools, folder, file, signal }) }
}

/**
 * The length is counted where it would be a guess: without a header that tells it, FFmpeg takes it from the bitrate of
 * the first packets. Of a chained Ogg file (RFC 3533, 4) it sees the last link alone, and packets of a later link with
 * another sample rate bear wrong times, so that only what is heard tells.
 */
async function trueLength(found: Probed, stderr: string, counting: Counting): Promise<number | null> {
  if (found.chained) return (await samplesMs(counting, found)) ?? packetsMs(counting)
  const isGuess = found.durationMs === null || stderr.includes('Estimating duration from bitrate')
  return isGuess ? packetsMs(counting) : found.durationMs
}

function describe({ format, streams, chapters }: z.infer<typeof Report>): Probed {
  const audio = streams.find(({ codec_type }) => codec_type === 'audio')
  if (!format) throw new NotAudio('nothing was recognised')
  if (!audio?.codec_name || !audio.sample_rate || !audio.channels)
    throw new NoAudioStream(`there is no audio stream in it, but ${held(format.format_name, streams)}`)
  const depth = bitDepth(audio)
  const picture = streams.find(({ disposition }) => disposition?.attached_pic === 1)
  const isFilm = streams.some((one) => one.codec_type === 'video' && one !== picture)
  // A film may go on when its sound has ended.
  const seconds = (isFilm ? soundOf(audio) : undefined) ?? format.duration ?? audio.duration
  const container = format.format_name.split(',')[0] ?? format.format_name
  // Ogg keeps its tags in the stream, the other containers in the file.
  const writtenTags = withoutTechnical(container === 'ogg' ? audio.tags : format.tags)
  return {
    container,
    codec: audio.codec_name,
    durationMs: seconds === undefined ? null : Math.max(0, Math.round(seconds * 1000)),
    sampleRateHz: audio.sample_rate,
    channels: audio.channels,
    ...layoutNamed(audio.channel_layout),
    ...(depth && { bitDepth: depth }),
    ...(depth && /^(flt|dbl)/.test(audio.sample_fmt ?? '') && { float: true }),
    ...(format.bit_rate && { bitrateKbps: Math.round(format.bit_rate / 1000) }),
    ...delayOf(audio),
    tags: Object.fromEntries(Object.entries(writtenTags).map(([name, value]) => [name.toLowerCase(), value])),
    writtenTags,
    artwork: picture !== undefined,
    ...(picture?.codec_name && { cover: { stream: picture.index, codec: picture.codec_name } }),
    chapters: chapters.map(({ start_time, end_time, tags }) => ({
      startMs: Math.round(start_time * 1000),
      endMs: Math.round(end_time * 1000),
      title: tags['title'] ?? tags['TITLE'],
    })),
  }
}

/** Where FFmpeg tells of a delay and does not leave it out, as 7.1 does of Matroska, the sound starts before 0. */
const delayOf = ({ initial_padding, start_time = 0 }: Stream): Pick<Probed, 'delaySamples'> =>
  initial_padding && start_time >= 0 ? { delaySamples: initial_padding } : {}

/** Seconds of sound; Matroska tells in a tag when it ends (Matroska tag registry, DURATION). */
function soundOf({ duration, start_time = 0, tags }: Stream): number | undefined {
  if (duration !== undefined) return duration
  const [, hours, minutes, seconds] = /^(\d+):(\d+):([\d.]+)$/.exec(tags['DURATION'] ?? '') ?? []
  return hours === undefined
    ? undefined
    : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) - start_time
}

/** What is in a file that has no audio, so that people recognise it. */
function held(container: string, streams: readonly Stream[]): string {
  const kinds = streams.map(({ codec_type, codec_name }) =>
    [codec_type, codec_name].filter(Boolean).join(' '),
  )
  return `${kinds.length === 0 ? 'nothing' : kinds.join(', ')} in ${container}`
}

/** Lossy codecs have no bit depth; their sample format is only what the decoder happens to give. */
function bitDepth({
  codec_name,
  bits_per_raw_sample,
  bits_per_sample,
  sample_fmt,
}: Stream): number | undefined {
  const lossless = /^(pcm_|flac|alac|wavpack|ape|tta|tak|truehd|mlp)/.test(codec_name ?? '')
  if (!lossless) return undefined
  const bySampleFormat = /(\d+)/.exec(sample_fmt ?? '')?.[1]
  return bits_per_raw_sample || bits_per_sample || (bySampleFormat ? Number(bySampleFormat) : undefined)
}

/** What FFmpeg says of a file for which it would take another demuxer than those of the hardened command line. */
const NOT_WHITELISTED = 'Format not on whitelist'

/** ffprobe prefixes its sentence with the file's name, which is ours and says nothing. */
function lastLine(stderr: string, file: string): string {
  if (stderr.includes(NOT_WHITELISTED)) return 'it is of a kind that is not read'
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  const last = lines.at(-1) ?? 'it could not be opened'
  return last.replace(`file:${file}: `, '').replace(/^\[[^\]]*\] /, '')
}
