import { z } from 'zod'
import { Keyword, LONGEST_NAME, LONGEST_TAG } from './texts.ts'

/** Words around every value: what people call it. */
const labelled = { label: z.string() }

const IntegerOption = z.object({
  type: z.literal('integer'),
  ...labelled,
  min: z.number(),
  max: z.number(),
  default: z.number().optional().describe('Absent: as in the source, or nothing'),
  unit: z.string().optional(),
  step: z.number().optional().describe('What a form moves by; any value in the range is taken'),
  joinedOnly: z.boolean().optional().describe('Only for a job that joins several uploads'),
})
export type IntegerOption = z.infer<typeof IntegerOption>

const NumberOption = IntegerOption.extend({ type: z.literal('number') })
export type NumberOption = z.infer<typeof NumberOption>

/** One option a format takes, described so that a form can be drawn from it. */
export const OptionDescription = z
  .discriminatedUnion('type', [
    IntegerOption,
    NumberOption,
    z.object({
      type: z.literal('choice'),
      ...labelled,
      choices: z.array(z.number()),
      default: z.number().optional().describe('Absent: as in the source'),
      unit: z.string().optional(),
    }),
    z.object({
      type: z.literal('keyword'),
      ...labelled,
      choices: z.array(z.string()),
      default: z.string(),
    }),
    z.object({
      type: z.literal('group'),
      ...labelled,
      fields: z.record(z.string(), z.discriminatedUnion('type', [IntegerOption, NumberOption])),
    }),
    z.object({ type: z.literal('text'), ...labelled, maxLength: z.number().int() }),
    z.object({
      type: z.literal('tags'),
      ...labelled,
      choices: z.array(z.string()).describe('Instead of single tags: what to do with all of them'),
      default: z.string(),
      names: z.array(z.string()).describe('Tags that can be set; an empty text removes one'),
      maxLength: z.number().int().describe('Longest text of one tag, in characters'),
    }),
  ])
  .meta({ id: 'OptionDescription' })
export type OptionDescription = z.infer<typeof OptionDescription>

const whole = z.number().int()

/** What can be wished of a conversion; `GET /api/formats` tells which of it a format takes, and in which bounds. */
export const JobOptions = z
  .object({
    bitrateKbps: whole.optional(),
    quality: whole.optional().describe("Variable bitrate, on the codec's own scale"),
    sampleRateHz: whole.optional(),
    channels: whole.optional(),
    bitDepth: whole.optional(),
    compressionLevel: whole.optional(),
    application: Keyword.optional().describe('What an Opus encoder is tuned for: `audio` or `voip`'),
    trim: z.object({ startMs: whole.optional(), endMs: whole.optional() }).optional(),
    fadeInMs: whole.optional(),
    fadeOutMs: whole.optional(),
    tempo: z.number().optional().describe('Speed, at the same pitch; 1 is as in the source'),
    loudness: z
      .object({ integratedLufs: z.number().optional(), truePeakDb: z.number().optional() })
      .optional()
      .describe('Brought to this loudness (EBU R 128), as far as the peaks allow'),
    crossfadeMs: whole.optional().describe('Between the files of a joined job'),
    metadata: z
      .union([Keyword, z.record(Keyword, z.string().max(LONGEST_TAG))])
      .optional()
      .describe('`keep`, `strip`, or tags to set over those of the source; an empty text removes a tag'),
    artwork: Keyword.optional().describe(
      '`keep`, `strip`, or `uploaded`: the one that was sent for the (first) upload',
    ),
    name: z.string().max(LONGEST_NAME).optional().describe('File name of the result, without the extension'),
  })
  .meta({ id: 'JobOptions' })
export type JobOptions = z.infer<typeof JobOptions>
