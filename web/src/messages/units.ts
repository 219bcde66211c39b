import type { Media } from '../../../src/contract/media.ts'
import type { OptionDescription } from '../../../src/contract/options.ts'
import { language, messages } from './index.ts'

const SIZE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

const formats = new Map<string, Intl.NumberFormat>()

/** A format in the language of the page, which stays the same until the page is reloaded. Cached: making one is slow. */
function formatOf(options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
  const key = JSON.stringify(options)
  const format = formats.get(key) ?? new Intl.NumberFormat(language, options)
  formats.set(key, format)
  return format
}

export const number = (value: number): string => formatOf().format(value)

/** `percent` from 0 to 100, rounded down: 100 % is said only when it is true. */
export const percentage = (percent: number): string =>
  formatOf({ style: 'percent', maximumFractionDigits: 0 }).format(Math.floor(percent) / 100)

export const withUnit = (value: number, unit: string | undefined): string =>
  unit ? `${number(value)} ${unit}` : number(value)

/** A setting as people say it: `2`, `44,100 Hz`, `keep`, `from 0 ms to 1,000 ms`. */
export function optionWords(description: OptionDescription, value: unknown): string {
  if (typeof value === 'number') return withUnit(value, 'unit' in description ? description.unit : undefined)
  if (typeof value === 'string') return messages.picker.keywords[value] ?? value
  if (description.type !== 'group' || typeof value !== 'object' || value === null) return ''
  return Object.entries(value)
    .map(([name, one]) => withUnit(Number(one), description.fields[name]?.unit))
    .join(', ')
}

/** Bytes in decimal units, as file managers show them. */
export function size(bytes: number): string {
  const power = Math.min(SIZE_UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const unit = SIZE_UNITS[power] ?? 'byte'
  const value = bytes / 1000 ** power
  const maximumFractionDigits = value < 10 && power > 0 ? 1 : 0
  const unitDisplay = power === 0 ? 'long' : 'short'
  return formatOf({ style: 'unit', unit, unitDisplay, maximumFractionDigits }).format(value)
}

const HOUR_MS = 3_600_000

/** A stretch of time as people say it: `24 hours`, `12 minutes`. */
export function timeSpan(ms: number): string {
  const [unit, value] = ms >= HOUR_MS ? ['hour', ms / HOUR_MS] : ['minute', Math.max(1, ms / 60_000)]
  const maximumFractionDigits = unit === 'hour' && value < 3 ? 1 : 0
  const style = { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits } as const
  return formatOf({ ...style, roundingMode: 'floor' }).format(value)
}

/** `34`, `0.8`: the more, the less exact. */
export const times = (factor: number): string =>
  formatOf({ maximumFractionDigits: factor < 10 ? 1 : 0 }).format(factor)

/** One digit after the point: `-14.2 LUFS`. */
export const decibels = (value: number, unit: string): string =>
  `${formatOf({ minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value)} ${unit}`

/** As a tape counter shows it: `0:20`, `1:02:03`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const [first = 0, ...rest] = parts[0] === 0 ? parts.slice(1) : parts
  return [first, ...rest.map((part) => String(part).padStart(2, '0'))].join(':')
}

/** What is in a file, shortest form: `WAV, PCM · 0:20 · 44.1 kHz · stereo`. */
export function mediaSummary(media: Media): string {
  const { container, codec, durationMs, sampleRateHz, channels, bitDepth } = media
  return [
    // Where both have one name, it is said once.
    [...new Set([containerName(container), codecName(codec)])].join(', '),
    durationMs !== null && duration(durationMs),
    withUnit(sampleRateHz / 1000, 'kHz'),
    bitDepth !== undefined && messages.media.bits(bitDepth),
    messages.media.channels(channels),
  ]
    .filter(Boolean)
    .join(' · ')
}

/** By FFmpeg's names of demuxers, where people say something else. */
const CONTAINERS: Partial<Record<string, string>> = {
  ...{ mov: 'M4A', matroska: 'Matroska', ogg: 'Ogg', asf: 'WMA', wv: 'WavPack', w64: 'Wave64', caf: 'CAF' },
}

const containerName = (container: string): string => CONTAINERS[container] ?? container.toUpperCase()

const PROPER_NAMES: Partial<Record<string, string>> = { vorbis: 'Vorbis', opus: 'Opus', wavpack: 'WavPack' }

export const codecName = (codec: string): string =>
  codec.startsWith('pcm_') ? 'PCM' : (PROPER_NAMES[codec] ?? codec.toUpperCase())
