import { z } from 'zod'

/** What ffprobe found in a file: its first audio stream, and what travels beside it. */
export const Media = z
  .object({
    container: z.string().describe('FFmpeg name of the demuxer, e.g. `wav`, `mp3`, `ogg`, `mov`'),
    codec: z.string().describe('FFmpeg name of the audio codec, e.g. `pcm_s16le`, `aac`'),
    durationMs: z.number().int().nonnegative().nullable().describe('null where the file does not tell'),
    sampleRateHz: z.number().int().positive(),
    channels: z.number().int().positive(),
    layout: z
      .string()
      .optional()
      .describe(
        'FFmpeg name of the channel layout, e.g. `5.1(side)`; absent for mono, stereo and where not told',
      ),
    bitDepth: z.number().int().positive().optional().describe('Lossless sources only'),
    float: z
      .boolean()
      .optional()
      .describe('Samples are floating point; absent for integers and lossy sources'),
    bitrateKbps: z.number().nonnegative().optional(),
    tags: z.record(z.string(), z.string()).describe('Lower-case names, e.g. `title`, `artist`'),
    artwork: z.boolean().describe('Whether there is an embedded cover'),
    chapters: z.number().int().nonnegative().describe('How many chapters there are'),
  })
  .meta({ id: 'Media' })
export type Media = z.infer<typeof Media>
