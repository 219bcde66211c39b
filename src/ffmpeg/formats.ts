import type { JobOptions } from '../contract/index.ts'
import type { Format } from './format.ts'
import { LOSSLESS } from './lossless-formats.ts'
import { LOSSY } from './lossy-formats.ts'

const { mp3, aac, opus, vorbis, webm, m4b, ac3 } = LOSSY
const { flac, alac, wav, aiff, wavpack } = LOSSLESS

/** The only list of formats there is: `/api/formats`, validation, the page and the documents are drawn from it. */
export const FORMATS: readonly Format[] = [
  ...[mp3, aac, opus, vorbis, flac, alac, wav, aiff, wavpack, webm, m4b, ac3],
]

/** A named choice of format and options. */
export type Preset = { id: string; label: string; format: string; options: JobOptions }

export const PRESETS: readonly Preset[] = [
  { id: 'music', label: 'Music', format: 'mp3', options: { quality: 0 } },
  { id: 'small', label: 'Small', format: 'opus', options: { bitrateKbps: 64 } },
  {
    ...{ id: 'voice', label: 'Voice', format: 'opus' },
    options: { bitrateKbps: 32, channels: 1, application: 'voip' },
  },
  { id: 'lossless', label: 'Lossless', format: 'flac', options: {} },
  { id: 'audiobook', label: 'Audiobook', format: 'm4b', options: { bitrateKbps: 64, channels: 1 } },
  {
    ...{ id: 'broadcast', label: 'Broadcast', format: 'wav' },
    // EBU R 128: -23 LUFS, at most -1 dBTP; EBU R 85 and common practice: 48 kHz, 24 bits.
    options: { sampleRateHz: 48000, bitDepth: 24, loudness: { integratedLufs: -23, truePeakDb: -1 } },
  },
]

/** The encoder this build of FFmpeg makes a format with; undefined when it cannot. */
export const encoderOf = ({ encoders }: Format, built: ReadonlySet<string>): string | undefined =>
  encoders.find((name) => built.has(name))
