import type { FormatView } from '../../../src/contract/formats.ts'
import type { JobOptions, OptionDescription } from '../../../src/contract/options.ts'
import type { Track, Wish } from './track.ts'

/** A fixed bitrate and a quality for a variable one exclude each other. */
const RIVALS: Partial<Record<string, string>> = { bitrateKbps: 'quality', quality: 'bitrateKbps' }

export type OptionValue = JobOptions[keyof JobOptions]

/**
 * What to make of a file: its own target or the one for all, with what was set for this file alone. A format is asked for
 * nothing that it does not take.
 */
export function orderFor(
  { target, edits }: Pick<Track, 'target' | 'edits'>,
  wishForAll: Wish,
  formats: readonly FormatView[],
): Wish {
  const { format, options, ...preset } = target ?? wishForAll
  const taken = formats.find(({ id }) => id === format)?.options ?? {}
  const wanted = Object.entries({ ...options, ...edits }).filter(([name]) => name in taken)
  return { format, options: Object.fromEntries(wanted), ...preset }
}

/** Options with one set to a value; `undefined`, and what the format does by itself, take it out. */
export function withOption(
  format: FormatView,
  options: JobOptions,
  name: string,
  value: OptionValue | undefined,
): JobOptions {
  const others = Object.entries(options).filter(([other]) => other !== name && other !== RIVALS[name])
  const isDefault = value === undefined || value === defaultOf(format.options[name])
  return Object.fromEntries(isDefault ? others : [...others, [name, value]])
}

const defaultOf = (description: OptionDescription | undefined) =>
  description && 'default' in description ? description.default : undefined

/** Whether another option of the format decides when this one is left alone. */
export const hasRival = ({ options }: FormatView, name: string): boolean => (RIVALS[name] ?? '') in options

/** Whether an option has no effect since its rival is set. */
export const isOutdone = (options: JobOptions, name: string): boolean => {
  const rival = RIVALS[name]
  return rival !== undefined && rival in options && !(name in options)
}
