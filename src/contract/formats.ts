import { z } from 'zod'
import { JobOptions, OptionDescription } from './options.ts'

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
  maxJoined: z.number().int().describe('Most uploads that one job joins'),
  retentionMs: z.number().int().describe('How long a result is kept after its job ended'),
})
export type LimitsView = z.infer<typeof LimitsView>

export const FormatsView = z
  .object({ formats: z.array(FormatView), presets: z.array(PresetView), limits: LimitsView })
  .meta({ id: 'Formats' })
export type FormatsView = z.infer<typeof FormatsView>
