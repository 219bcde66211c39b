import { LONGEST_NAME, LONGEST_TAG, type OptionDescription } from '../contract/index.ts'
import { HOUR_MS, MINUTE_MS } from '../kernel/units.ts'

/** Rates that MPEG-1, 2 and 2.5 audio have (ISO 11172-3, 13818-3). */
export const MPEG_RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000]
export const AAC_RATES = [...MPEG_RATES, 64000, 88200, 96000]
export const COMMON_RATES = [8000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000]
/** ATSC A/52, 5.3.2. */
export const AC3_RATES = [32000, 44100, 48000]
/** ATSC A/52, table 5.18, in kbit/s. */
export const AC3_BITRATES = [
  32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
]

const LONGEST_MS = 1000 * HOUR_MS

export const sampleRateHz = (choices: readonly number[]): OptionDescription => ({
  type: 'choice',
  label: 'Sample rate',
  choices: [...choices],
  unit: 'Hz',
})

export const channels = (max: number): OptionDescription => ({
  type: 'integer',
  label: 'Channels',
  min: 1,
  max,
})

export const bitDepth = (choices: number[], label = 'Bit depth'): OptionDescription => ({
  type: 'choice',
  label,
  choices,
  unit: 'bit',
})

export const bitrate = (min: number, max: number, normal?: number): OptionDescription => ({
  type: 'integer',
  label: 'Bitrate',
  min,
  max,
  ...(normal && { default: normal }),
  unit: 'kbit/s',
})

export const quality = (min: number, max: number, best: number, normal: number): OptionDescription => ({
  type: 'integer',
  label: `Quality (VBR, ${best} is best)`,
  ...{ min, max, default: normal },
})

/** Tags that can be set, by FFmpeg's generic names. */
const TAG_NAMES = [
  ...['title', 'artist', 'album', 'album_artist', 'composer', 'genre', 'date', 'track', 'disc'],
  ...['comment', 'copyright', 'lyrics', 'grouping', 'description'],
]

const METADATA: OptionDescription = {
  type: 'tags',
  label: 'Tags',
  choices: ['keep', 'strip'],
  default: 'keep',
  names: TAG_NAMES,
  maxLength: LONGEST_TAG,
}

const fade = (label: string): OptionDescription => ({
  type: 'integer',
  label,
  ...{ min: 0, max: MINUTE_MS, step: 100, default: 0, unit: 'ms' },
})

/** What is done to the audio itself before it is encoded; every format takes it. */
const EDITS: Record<string, OptionDescription> = {
  trim: {
    type: 'group',
    label: 'Trim',
    fields: {
      startMs: { type: 'integer', label: 'From', min: 0, max: LONGEST_MS, unit: 'ms' },
      endMs: { type: 'integer', label: 'To', min: 1, max: LONGEST_MS, unit: 'ms' },
    },
  },
  fadeInMs: fade('Fade in'),
  fadeOutMs: fade('Fade out'),
  tempo: { type: 'number', label: 'Speed', min: 0.5, max: 2, step: 0.05, default: 1, unit: '×' },
  loudness: {
    type: 'group',
    label: 'Loudness',
    fields: {
      // Streaming services play at -14 to -16 LUFS, broadcasters at -23 (EBU R 128) or -24 (ATSC A/85).
      integratedLufs: {
        ...{ type: 'number', label: 'Integrated loudness', unit: 'LUFS' },
        ...{ min: -40, max: -5, step: 0.5, default: -16 },
      },
      truePeakDb: {
        ...{ type: 'number', label: 'Highest true peak', unit: 'dBTP' },
        ...{ min: -9, max: 0, step: 0.5, default: -1 },
      },
    },
  },
  crossfadeMs: {
    type: 'integer',
    label: 'Crossfade between joined files',
    ...{ min: 0, max: 30_000, step: 100, default: 0, unit: 'ms', joinedOnly: true },
  },
}

const ARTWORK: OptionDescription = {
  type: 'keyword',
  label: 'Cover',
  choices: ['keep', 'strip', 'uploaded'],
  default: 'keep',
}

/** Options of a format: its own, then those that all of its kind take. */
export const takes = (
  own: Record<string, OptionDescription>,
  { tags = true, cover = true } = {},
): Record<string, OptionDescription> => ({
  ...own,
  ...EDITS,
  ...(tags && { metadata: METADATA }),
  ...(cover && { artwork: ARTWORK }),
  name: { type: 'text', label: 'File name', maxLength: LONGEST_NAME },
})
