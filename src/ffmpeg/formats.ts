import type { Probed } from './probe.ts'

/** One option a format takes. `default` absent: as in the source. */
export type OptionDescription =
  | { type: 'integer'; label: string; min: number; max: number; default?: number; unit?: string }
  | { type: 'choice'; label: string; choices: number[]; default?: number; unit?: string }

/** What was chosen, by option name, after {@link checkOptions}. */
export type Options = Record<string, number>

/** One target: how people know it, what it takes, and how FFmpeg makes it. The only list of formats there is. */
export type Format = {
  id: string
  label: string
  /** Without the dot. */
  extension: string
  mimeType: string
  lossless: boolean
  codec: string
  options: Record<string, OptionDescription>
  /** FFmpeg's name of the encoder this format cannot be made without. */
  encoder: string
  muxer: string
  /** Sample rates the codec takes, in hertz; absent: any up to `highestRateHz`. */
  sampleRatesHz?: readonly number[]
  highestRateHz: number
  maxChannels: number
  encode(options: Options, source: Pick<Probed, 'channels' | 'bitDepth'>): string[]
}

const MPEG_RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000]
const AAC_RATES = [...MPEG_RATES, 64000, 88200, 96000]
const COMMON_RATES = [8000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000]

const sampleRateHz = (choices: readonly number[]): OptionDescription => ({
  type: 'choice',
  label: 'Sample rate',
  choices: [...choices],
  unit: 'Hz',
})
const channels = (max: number): OptionDescription => ({ type: 'integer', label: 'Channels', min: 1, max })
const bitDepth = (choices: number[]): OptionDescription => ({
  type: 'choice',
  label: 'Bit depth',
  choices,
  unit: 'bit',
})
const bitrate = (min: number, max: number, normal?: number): OptionDescription => ({
  type: 'integer',
  label: 'Bitrate',
  min,
  max,
  ...(normal && { default: normal }),
  unit: 'kbit/s',
})

/** A default bitrate is meant for stereo; other channel counts take their share of it. */
const shareOf = (stereoKbps: number, count: number) => Math.round((stereoKbps * count) / 2)

/** 24 bits only where the source has more than 16: depth is never raised unless asked. */
const depthFor = (wished: number | undefined, source: Pick<Probed, 'bitDepth'>) =>
  wished ?? ((source.bitDepth ?? 16) > 16 ? 24 : 16)

const mp3: Format = {
  id: 'mp3',
  label: 'MP3',
  extension: 'mp3',
  mimeType: 'audio/mpeg',
  lossless: false,
  codec: 'MPEG-1 Audio Layer III',
  encoder: 'libmp3lame',
  muxer: 'mp3',
  sampleRatesHz: MPEG_RATES,
  highestRateHz: 48_000,
  maxChannels: 2,
  options: {
    quality: { type: 'integer', label: 'Quality (VBR, 0 is best)', min: 0, max: 9, default: 2 },
    bitrateKbps: bitrate(32, 320),
    sampleRateHz: sampleRateHz(MPEG_RATES),
    channels: channels(2),
  },
  encode: ({ bitrateKbps, quality = 2 }) => [
    ...(bitrateKbps ? ['-b:a', `${bitrateKbps}k`] : ['-q:a', `${quality}`]),
    ...['-id3v2_version', '3', '-write_xing', '1'],
  ],
}

const aac: Format = {
  id: 'aac',
  label: 'AAC (M4A)',
  extension: 'm4a',
  mimeType: 'audio/mp4',
  lossless: false,
  codec: 'AAC-LC',
  encoder: 'aac',
  muxer: 'ipod',
  sampleRatesHz: AAC_RATES,
  highestRateHz: 96_000,
  maxChannels: 8,
  options: {
    bitrateKbps: bitrate(32, 512, 192),
    sampleRateHz: sampleRateHz(AAC_RATES),
    channels: channels(8),
  },
  encode: ({ bitrateKbps, channels: count }, source) => [
    '-b:a',
    `${bitrateKbps ?? shareOf(192, count ?? source.channels)}k`,
    ...['-movflags', '+faststart'],
  ],
}

const opus: Format = {
  id: 'opus',
  label: 'Opus',
  extension: 'opus',
  mimeType: 'audio/ogg',
  lossless: false,
  codec: 'Opus',
  encoder: 'libopus',
  muxer: 'opus',
  sampleRatesHz: [48000], // RFC 6716: the decoder always gives 48 kHz
  highestRateHz: 48_000,
  maxChannels: 8,
  options: { bitrateKbps: bitrate(6, 510, 128), channels: channels(8) },
  encode: ({ bitrateKbps, channels: count }, source) => [
    '-b:a',
    `${bitrateKbps ?? shareOf(128, count ?? source.channels)}k`,
    ...['-vbr', 'on', '-application', 'audio', '-compression_level', '10'],
  ],
}

const vorbis: Format = {
  id: 'vorbis',
  label: 'Ogg Vorbis',
  extension: 'ogg',
  mimeType: 'audio/ogg',
  lossless: false,
  codec: 'Vorbis',
  encoder: 'libvorbis',
  muxer: 'ogg',
  highestRateHz: 192_000,
  maxChannels: 8,
  options: {
    quality: { type: 'integer', label: 'Quality (VBR, 10 is best)', min: 0, max: 10, default: 6 },
    sampleRateHz: sampleRateHz(COMMON_RATES),
    channels: channels(8),
  },
  encode: ({ quality = 6 }) => ['-q:a', `${quality}`],
}

const flac: Format = {
  id: 'flac',
  label: 'FLAC',
  extension: 'flac',
  mimeType: 'audio/flac',
  lossless: true,
  codec: 'FLAC',
  encoder: 'flac',
  muxer: 'flac',
  highestRateHz: 655_350, // RFC 9639: 20 bits for the rate in hertz, at most this in frame headers
  maxChannels: 8,
  options: {
    compressionLevel: { type: 'integer', label: 'Compression', min: 0, max: 12, default: 8 },
    bitDepth: bitDepth([16, 24]),
    sampleRateHz: sampleRateHz(COMMON_RATES),
    channels: channels(8),
  },
  encode: ({ compressionLevel = 8, bitDepth: wished }, source) => [
    '-compression_level',
    `${compressionLevel}`,
    ...(depthFor(wished, source) === 24
      ? ['-sample_fmt', 's32', '-bits_per_raw_sample', '24']
      : ['-sample_fmt', 's16']),
  ],
}

const wav: Format = {
  id: 'wav',
  label: 'WAV',
  extension: 'wav',
  mimeType: 'audio/wav',
  lossless: true,
  codec: 'PCM',
  encoder: 'pcm_s16le',
  muxer: 'wav',
  highestRateHz: 768_000,
  maxChannels: 16,
  options: {
    bitDepth: { ...bitDepth([16, 24, 32]), label: 'Bit depth (32 is float)' },
    sampleRateHz: sampleRateHz(COMMON_RATES),
    channels: channels(16),
  },
  encode: ({ bitDepth: wished }, source) => {
    const depth = wished ?? (source.bitDepth === 32 ? 32 : depthFor(undefined, source))
    const codecs: Record<number, string> = { 16: 'pcm_s16le', 24: 'pcm_s24le', 32: 'pcm_f32le' }
    return ['-c:a', codecs[depth] ?? 'pcm_s16le', '-rf64', 'auto']
  },
}

export const FORMATS: readonly Format[] = [mp3, aac, opus, vorbis, flac, wav]

/** A named choice of format and options. */
export type Preset = { id: string; label: string; format: string; options: Options }

export const PRESETS: readonly Preset[] = [
  { id: 'music', label: 'Music', format: 'mp3', options: { quality: 0 } },
  { id: 'small', label: 'Small', format: 'opus', options: { bitrateKbps: 64 } },
  { id: 'voice', label: 'Voice', format: 'opus', options: { bitrateKbps: 32, channels: 1 } },
  { id: 'lossless', label: 'Lossless', format: 'flac', options: {} },
]
