import { z } from 'zod'
import { runTool, ToolFailed } from './child.ts'
import { HARDENED_INPUT, wrap } from './command.ts'
import type { Tools } from './tools.ts'

/** What a file holds, as ffprobe sees it. Durations in integer milliseconds, rates in hertz. */
export type Probed = {
  container: string
  codec: string
  durationMs: number | null
  sampleRateHz: number
  channels: number
  bitDepth?: number
  bitrateKbps?: number
  tags: Record<string, string>
  artwork: boolean
  chapters: number
}

/** The file is not audio that we open; `reason` is ffprobe's, without paths. */
export class NotAudio extends Error {
  readonly reason: string

  constructor(reason: string) {
    super(`Not audio: ${reason}`)
    this.reason = reason
  }
}

const Tags = z.record(z.string(), z.string()).default({})
const Stream = z.looseObject({
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  sample_rate: z.coerce.number().int().optional(),
  channels: z.number().int().optional(),
  duration: z.coerce.number().optional(),
  sample_fmt: z.string().optional(),
  bits_per_sample: z.number().int().optional(),
  bits_per_raw_sample: z.coerce.number().int().optional(),
  disposition: z.looseObject({ attached_pic: z.number() }).partial().optional(),
  tags: Tags,
})
const Report = z.object({
  format: z
    .object({
      format_name: z.string(),
      duration: z.coerce.number().optional(),
      bit_rate: z.coerce.number().optional(),
      tags: Tags,
    })
    .optional(),
  streams: z.array(Stream).default([]),
  chapters: z.array(z.unknown()).default([]),
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
  const args = [
    '-v',
    'error',
    ...HARDENED_INPUT,
    '-of',
    'json',
    '-show_format',
    '-show_streams',
    '-show_chapters',
  ]
  const command = wrap([tools.ffprobe, ...args, '-i', `file:${file}`], tools.wrappers)
  let output: string
  try {
    output = await runTool(command, folder, signal)
  } catch (error) {
    if (error instanceof ToolFailed && error.exitCode !== null)
      throw new NotAudio(firstLine(error.stderr, file))
    throw error
  }
  return describe(Report.parse(JSON.parse(output)))
}

function describe({ format, streams, chapters }: z.infer<typeof Report>): Probed {
  const audio = streams.find(({ codec_type }) => codec_type === 'audio')
  if (!format || !audio?.codec_name || !audio.sample_rate || !audio.channels)
    throw new NotAudio(format ? 'there is no audio stream in it' : 'nothing was recognised')
  const depth = bitDepth(audio)
  const seconds = format.duration ?? audio.duration
  return {
    container: format.format_name.split(',')[0] ?? format.format_name,
    codec: audio.codec_name,
    durationMs: seconds === undefined ? null : Math.max(0, Math.round(seconds * 1000)),
    sampleRateHz: audio.sample_rate,
    channels: audio.channels,
    ...(depth && { bitDepth: depth }),
    ...(format.bit_rate && { bitrateKbps: Math.round(format.bit_rate / 1000) }),
    // Ogg keeps its tags in the stream, the other containers in the file.
    tags: lowerCase({ ...audio.tags, ...format.tags }),
    artwork: streams.some(({ disposition }) => disposition?.attached_pic === 1),
    chapters: chapters.length,
  }
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

const lowerCase = (tags: Record<string, string>) =>
  Object.fromEntries(Object.entries(tags).map(([name, value]) => [name.toLowerCase(), value]))

/** ffprobe prefixes its sentence with the file's name, which is ours and says nothing. */
function firstLine(stderr: string, file: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  const last = lines.at(-1) ?? 'it could not be opened'
  return last.replace(`file:${file}: `, '').replace(/^\[[^\]]*\] /, '')
}
