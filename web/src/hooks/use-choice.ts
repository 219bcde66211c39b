import { useMemo, useState } from 'react'
import type { FormatView } from '../../../src/contract/formats.ts'
import type { JobOptions, OptionDescription } from '../../../src/contract/options.ts'
import type { Wish } from '../deck/index.ts'

/** A fixed bitrate and a quality for a variable one exclude each other. */
const RIVALS: Partial<Record<string, string>> = { bitrateKbps: 'quality', quality: 'bitrateKbps' }

const UNTOUCHED: JobOptions = {}

export type OptionValue = JobOptions[keyof JobOptions]

export type Choice = {
  format: FormatView
  /** Only what differs from the format's defaults. */
  options: JobOptions
  wish: Wish
  chooseFormat: (id: string) => void
  /** `undefined` goes back to the default. */
  setOption: (name: string, value: OptionValue) => void
}

/** The chosen format and its options; each format keeps its own. Undefined while there are no formats. */
export function useChoice(formats: readonly FormatView[] | undefined): Choice | undefined {
  const [formatId, chooseFormat] = useState<string>()
  const [byFormat, setByFormat] = useState<Record<string, JobOptions>>({})
  const format = formats?.find(({ id }) => id === formatId) ?? formats?.[0]
  const options = (format && byFormat[format.id]) ?? UNTOUCHED
  const wish = useMemo(() => format && { format: format.id, label: format.label, options }, [format, options])
  if (!format || !wish) return undefined
  return {
    format,
    options,
    wish,
    chooseFormat,
    setOption: (name, value) =>
      setByFormat({ ...byFormat, [format.id]: withOption(format, options, name, value) }),
  }
}

function withOption(format: FormatView, options: JobOptions, name: string, value: OptionValue): JobOptions {
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
