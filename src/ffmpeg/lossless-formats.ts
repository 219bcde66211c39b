import { flacBlock, wavpackBlock } from './block-sizes.ts'
import { mpeg4 } from './lossy-formats.ts'
import * as option from './option-descriptions.ts'
import type { Format } from './format.ts'

const lossless = { lossless: true } as const
const common = { sampleRateHz: option.sampleRateHz(option.COMMON_RATES), channels: option.channels(8) }

/** 24 bits travel in samples of 32, and the encoder is told how many of them count. */
const integerSamples = (bits = 16, planar = '') =>
  bits > 16
    ? ['-sample_fmt', `s32${planar}`, ...(bits < 32 ? ['-bits_per_raw_sample', `${bits}`] : [])]
    : ['-sample_fmt', `s16${planar}`]

const flac: Format = {
  ...lossless,
  id: 'flac',
  label: 'FLAC',
  extension: 'flac',
  mimeType: 'audio/flac',
  codec: 'FLAC',
  encoders: ['flac'],
  muxer: 'flac',
  muxerFlags: [],
  highestRateHz: 655_350, // RFC 9639: 20 bits for the rate in hertz, at most this in frame headers
  maxChannels: 8,
  depths: [16, 24],
  options: option.takes({
    compressionLevel: { type: 'integer', label: 'Compression', min: 0, max: 12, default: 8 },
    bitDepth: option.bitDepth([16, 24]),
    ...common,
  }),
  codecName: () => 'flac',
  tags: 'all',
  cover: 'stream',
  chapters: 'tags',
  copied: [{ codec: /^flac$/, from: 'anywhere' }],
  encode: ({ compressionLevel = 8 }, target) => [
    ...['-compression_level', `${compressionLevel}`],
    ...flacBlock(compressionLevel, target),
    ...integerSamples(target.bitDepth),
  ],
}

const alac: Format = {
  ...lossless,
  ...mpeg4,
  id: 'alac',
  label: 'Apple Lossless',
  extension: 'm4a',
  mimeType: 'audio/mp4',
  codec: 'ALAC',
  encoders: ['alac'],
  highestRateHz: 384_000,
  maxChannels: 8,
  layouts: ['mono', 'stereo', '3.0', '4.0', '5.0', '5.1', '6.1(back)', '7.1(wide)'],
  depths: [16, 24],
  options: option.takes({ bitDepth: option.bitDepth([16, 24]), ...common }),
  codecName: () => 'alac',
  copied: [{ codec: /^alac$/, from: ['mov'] }],
  encode: (_, { bitDepth }) => integerSamples(bitDepth, 'p'),
}

/** What a WAV file has `INFO` chunks for, as FFmpeg writes them. */
const INFO_TAGS = [
  ...['title', 'artist', 'album', 'comment', 'copyright', 'date', 'genre', 'track', 'language', 'encoded_by'],
]

const wav: Format = {
  ...lossless,
  id: 'wav',
  label: 'WAV',
  extension: 'wav',
  mimeType: 'audio/wav',
  codec: 'PCM',
  encoders: ['pcm_s16le'],
  muxer: 'wav',
  muxerFlags: ['-rf64', 'auto'], // EBU Tech 3306: above 4 GiB
  highestRateHz: 768_000,
  maxChannels: 16,
  depths: [16, 24, 32],
  options: option.takes(
    {
      bitDepth: option.bitDepth([16, 24, 32], 'Bit depth (32 is float)'),
      ...common,
      channels: option.channels(16),
    },
    { cover: false },
  ),
  codecName: ({ bitDepth = 16, float }) => `pcm_${float ? 'f' : 's'}${bitDepth}le`,
  tags: INFO_TAGS,
  cover: 'none',
  chapters: 'none',
  copied: [{ codec: /^pcm_(u8|[sf](16|24|32)le)$/, from: ['wav', 'w64', 'mov', 'matroska'] }],
  encode: (_, target) => ['-c:a', wav.codecName(target)],
}

const aiff: Format = {
  ...lossless,
  id: 'aiff',
  label: 'AIFF',
  extension: 'aiff',
  mimeType: 'audio/aiff',
  codec: 'PCM',
  encoders: ['pcm_s16be'],
  muxer: 'aiff',
  muxerFlags: ['-write_id3v2', '1'],
  highestRateHz: 768_000,
  maxChannels: 8,
  depths: [16, 24],
  options: option.takes({ bitDepth: option.bitDepth([16, 24]), ...common }),
  codecName: ({ bitDepth = 16 }) => `pcm_s${bitDepth}be`,
  tags: 'all',
  cover: 'stream',
  chapters: 'muxer',
  copied: [{ codec: /^pcm_s(16|24)be$/, from: ['aiff', 'mov', 'matroska'] }],
  encode: (_, target) => ['-c:a', aiff.codecName(target)],
}

const wavpack: Format = {
  ...lossless,
  id: 'wavpack',
  label: 'WavPack',
  extension: 'wv',
  mimeType: 'audio/x-wavpack',
  codec: 'WavPack',
  encoders: ['wavpack'],
  muxer: 'wv',
  muxerFlags: [],
  highestRateHz: 768_000,
  maxChannels: 8,
  depths: [16, 24, 32],
  options: option.takes(
    { bitDepth: option.bitDepth([16, 24, 32], 'Bit depth (32 is float)'), ...common },
    { cover: false },
  ),
  codecName: () => 'wavpack',
  tags: 'all',
  cover: 'none', // FFmpeg's muxer takes no picture
  chapters: 'none',
  copied: [{ codec: /^wavpack$/, from: 'anywhere' }],
  encode: (_, target) => [
    ...wavpackBlock(target),
    ...(target.float ? ['-sample_fmt', 'fltp'] : integerSamples(target.bitDepth, 'p')),
  ],
}

export const LOSSLESS = { flac, alac, wav, aiff, wavpack }
