import { z } from 'zod'

/** One option a format takes, described so that a form can be drawn from it. */
export const OptionDescription = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('integer'),
    label: z.string(),
    min: z.number(),
    max: z.number(),
    default: z.number().optional().describe('Absent: as in the source'),
    unit: z.string().optional(),
  }),
  z.object({
    type: z.literal('choice'),
    label: z.string(),
    choices: z.array(z.number()),
    default: z.number().optional().describe('Absent: as in the source'),
    unit: z.string().optional(),
  }),
])
export type OptionDescription = z.infer<typeof OptionDescription>

/** Values of options by name; which ones a format takes is told by `GET /api/formats`. */
export const JobOptions = z.record(z.string(), z.number())
export type JobOptions = z.infer<typeof JobOptions>

export const FormatView = z.object({
  id: z.string(),
  label: z.string(),
  extension: z.string().describe('Without the dot'),
  mimeType: z.string(),
  lossless: z.boolean(),
  codec: z.string(),
  options: z.record(z.string(), OptionDescription),
})
export type FormatView = z.infer<typeof FormatView>

const PresetView = z.object({
  id: z.string(),
  label: z.string(),
  format: z.string(),
  options: JobOptions,
})

export const LimitsView = z.object({
  maxUploadBytes: z.number().int(),
  maxDurationMs: z.number().int(),
  partSize: z.number().int().describe('Smallest part size, bytes'),
  maxParallel: z.number().int(),
  retentionMs: z.number().int().describe('How long a result is kept after its job ended'),
})
export type LimitsView = z.infer<typeof LimitsView>

export const FormatsView = z
  .object({ formats: z.array(FormatView), presets: z.array(PresetView), limits: LimitsView })
  .meta({ id: 'Formats' })
export type FormatsView = z.infer<typeof FormatsView>
