import * as option from './option-descriptions.ts'
import type { Format } from './format.ts'

const lossy = { lossless: false } as const

/** A default bitrate is meant for stereo; other channel counts take their share of it. */
const shareOf = (stereoKbps: number, count: number) => Math.round((stereoKbps * count) / 2)

/** The containers that tell how much of the first and last packets is padding; others lose it. */
const OWN_CONTAINER = { mp3: ['mp3'], ogg: ['ogg'] } as const

const mp3: Format = {
  ...lossy,
  id: 'mp3',
  label: 'MP3',
  extension: 'mp3',
  mimeType: 'audio/mpeg',
  codec: 'MPEG-1 Audio Layer III',
  encoders: ['libmp3lame'],
  muxer: 'mp3',
  muxerFlags: ['-id3v2_version', '3', '-write_xing', '1'],
  sampleRatesHz: option.MPEG_RATES,
  highestRateHz: 48_000,
  maxChannels: 2,
  layouts: ['mono', 'stereo'],
  options: option.takes({
    quality: option.quality(0, 9, 0, 2),
    bitrateKbps: option.bitrate(32, 320),
    sampleRateHz: option.sampleRateHz(option.MPEG_RATES),
    channels: option.channels(2),
  }),
  codecName: () => 'mp3',
  tags: 'all',
  cover: 'stream',
  chapters: 'muxer',
  copied: [{ codec: /^mp3$/, from: OWN_CONTAINER.mp3 }],
  encode: ({ bitrateKbps, quality = 2 }) =>
    bitrateKbps ? ['-b:a', `${bitrateKbps}k`] : ['-q:a', `${quality}`],
}

/** What iTunes has atoms for, as FFmpeg's `ipod` muxer writes them; it drops all others. */
const ITUNES_TAGS = [
  ...['title', 'artist', 'album', 'album_artist', 'composer', 'genre', 'date', 'track', 'disc', 'comment'],
  ...['copyright', 'lyrics', 'grouping', 'description', 'compilation', 'synopsis', 'show', 'episode_id'],
  ...['network', 'episode_sort', 'season_number', 'media_type', 'hd_video', 'gapless_playback'],
  ...['creation_time', 'sort_name', 'sort_artist', 'sort_album', 'sort_album_artist', 'sort_composer'],
  ...['sort_show', 'keywords', 'category', 'podcast'],
]

/** M4A and all that is made like it. */
export const mpeg4 = {
  muxer: 'ipod',
  muxerFlags: ['-movflags', '+faststart'],
  tags: ITUNES_TAGS,
  cover: 'stream',
  chapters: 'muxer',
} as const

/**
 * Those with a channel configuration of their own (ISO 14496-3, table 1.19), which every player knows; the others, which
 * need a program config element, only where none of the first has the same channels.
 */
const AAC_LAYOUTS = [
  ...['mono', 'stereo', '3.0', '4.0', '5.0', '5.1', '7.1'],
  ...['2.1', '3.0(back)', 'quad', 'quad(side)', '3.1', '4.1', '6.0', '6.0(front)', 'hexagonal'],
  ...['6.1', '6.1(back)', '6.1(front)', '7.0', '7.0(front)', '7.1(wide)', '7.1(wide-side)', 'octagonal'],
]

const aac: Format = {
  ...lossy,
  ...mpeg4,
  id: 'aac',
  label: 'AAC (M4A)',
  extension: 'm4a',
  mimeType: 'audio/mp4',
  codec: 'AAC-LC',
  encoders: ['libfdk_aac', 'aac'],
  sampleRatesHz: option.AAC_RATES,
  highestRateHz: 96_000,
  maxChannels: 8,
  layouts: AAC_LAYOUTS,
  options: option.takes({
    bitrateKbps: option.bitrate(32, 512, 192),
    sampleRateHz: option.sampleRateHz(option.AAC_RATES),
    channels: option.channels(8),
  }),
  codecName: () => 'aac',
  copied: [
    { codec: /^aac$/, from: ['aac', 'mov'] },
    // Its times are whole milliseconds. MP4 tells a length for each packet, and decoders leave out what is beyond the sum.
    { codec: /^aac$/, from: ['matroska'], through: 'adts' },
  ],
  encode: ({ bitrateKbps }, { channels }) => ['-b:a', `${bitrateKbps ?? shareOf(192, channels)}k`],
}

const m4b: Format = {
  ...aac,
  id: 'm4b',
  label: 'Audiobook (M4B)',
  extension: 'm4b',
  options: { ...aac.options, bitrateKbps: option.bitrate(32, 512, 96) },
  encode: ({ bitrateKbps }, { channels }) => ['-b:a', `${bitrateKbps ?? shareOf(96, channels)}k`],
}

/** One for each count: RFC 7845, 5.1.1.2, and Vorbis I, 4.3.9. */
const XIPH_LAYOUTS = ['mono', 'stereo', '3.0', 'quad', '5.0', '5.1', '6.1', '7.1']

const opus: Format = {
  ...lossy,
  id: 'opus',
  label: 'Opus',
  extension: 'opus',
  mimeType: 'audio/ogg',
  codec: 'Opus',
  encoders: ['libopus'],
  muxer: 'opus',
  muxerFlags: [],
  sampleRatesHz: [48000], // RFC 6716: the decoder always gives 48 kHz
  highestRateHz: 48_000,
  maxChannels: 8,
  layouts: XIPH_LAYOUTS,
  options: option.takes({
    bitrateKbps: option.bitrate(6, 510, 128),
    channels: option.channels(8),
    application: { type: 'keyword', label: 'Made for', choices: ['audio', 'voip'], default: 'audio' },
  }),
  codecName: () => 'opus',
  tags: 'all',
  cover: 'tag',
  chapters: 'tags',
  copied: [{ codec: /^opus$/, from: OWN_CONTAINER.ogg }],
  encode: ({ bitrateKbps, application = 'audio' }, { channels }) => [
    ...['-b:a', `${bitrateKbps ?? shareOf(128, channels)}k`, '-vbr', 'on'],
    ...['-application', application, '-compression_level', '10'],
  ],
}

const webm: Format = {
  ...opus,
  id: 'webm',
  label: 'WebM',
  extension: 'webm',
  mimeType: 'audio/webm',
  muxer: 'webm',
  options: Object.fromEntries(Object.entries(opus.options).filter(([name]) => name !== 'artwork')),
  cover: 'none', // the WebM guidelines leave out attachments
  chapters: 'muxer',
}

const vorbis: Format = {
  ...lossy,
  id: 'vorbis',
  label: 'Ogg Vorbis',
  extension: 'ogg',
  mimeType: 'audio/ogg',
  codec: 'Vorbis',
  encoders: ['libvorbis'],
  muxer: 'ogg',
  muxerFlags: [],
  highestRateHz: 192_000,
  maxChannels: 8,
  layouts: XIPH_LAYOUTS,
  options: option.takes({
    quality: option.quality(0, 10, 10, 6),
    sampleRateHz: option.sampleRateHz(option.COMMON_RATES),
    channels: option.channels(8),
  }),
  codecName: () => 'vorbis',
  tags: 'all',
  cover: 'tag',
  chapters: 'tags',
  copied: [{ codec: /^vorbis$/, from: OWN_CONTAINER.ogg }],
  encode: ({ quality = 6 }) => ['-q:a', `${quality}`],
}

const ac3: Format = {
  ...lossy,
  id: 'ac3',
  label: 'AC-3',
  extension: 'ac3',
  mimeType: 'audio/ac3',
  codec: 'AC-3',
  encoders: ['ac3'],
  muxer: 'ac3',
  muxerFlags: [],
  sampleRatesHz: option.AC3_RATES,
  highestRateHz: 48_000,
  maxChannels: 6,
  // First of each pair is what decoders call it.
  layouts: [
    ...['mono', 'stereo', '3.0', '3.0(back)', '2.1', 'quad(side)', 'quad', '4.0', '3.1'],
    ...['5.0(side)', '5.0', '4.1', '5.1(side)', '5.1'],
  ],
  options: option.takes(
    {
      bitrateKbps: { type: 'choice', label: 'Bitrate', choices: option.AC3_BITRATES, unit: 'kbit/s' },
      sampleRateHz: option.sampleRateHz(option.AC3_RATES),
      channels: option.channels(6),
    },
    { tags: false, cover: false },
  ),
  codecName: () => 'ac3',
  tags: [],
  cover: 'none',
  chapters: 'none',
  copied: [{ codec: /^ac3$/, from: 'anywhere' }],
  encode: ({ bitrateKbps }, { channels }) => [
    '-b:a',
    `${bitrateKbps ?? (channels > 2 ? 448 : 96 * channels)}k`,
  ],
}

export const LOSSY = { mp3, aac, opus, vorbis, webm, m4b, ac3 }
