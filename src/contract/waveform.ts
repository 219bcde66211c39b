import { z } from 'zod'
import { Measured } from './jobs.ts'

const whole = z.number().int()

/**
 * A picture of sound, in the JSON format of BBC audiowaveform (version 2), which wavesurfer.js and peaks.js read. Names
 * are those of that format.
 */
export const WaveformView = z
  .object({
    version: whole,
    channels: whole.describe('Always 1: all channels mixed'),
    sample_rate: whole.describe('Hertz'),
    samples_per_pixel: whole.describe('Samples behind each point'),
    bits: whole.describe('Of each number: -128 to 127'),
    length: whole.describe('Points'),
    data: z.array(whole).describe('The lowest and the highest sample of each point in turn'),
    loudness: Measured.optional().describe(
      'Of all of it; not part of the format, and ignored by its readers',
    ),
  })
  .meta({ id: 'Waveform' })
export type WaveformView = z.infer<typeof WaveformView>

/** What is made when first asked for is not ready yet: ask again after `Retry-After`. */
export const Pending = z.object({ state: z.literal('making') }).meta({ id: 'Pending' })
