import { useState } from 'react'
import type { FormatsView, FormatView } from '../../../src/contract/formats.ts'
import type { JobOptions } from '../../../src/contract/options.ts'
import { withOption, type OptionValue, type Wish } from '../deck/index.ts'

export type Target = {
  wish: Wish
  format: FormatView
  chooseFormat: (id: string) => void
  choosePreset: (id: string) => void
  /** `undefined` goes back to what the format does by itself. */
  setOption: (name: string, value: OptionValue | undefined) => void
}

/** A wish in the terms of what the server can make. Each format keeps its own settings as long as the page is open. */
export function useTarget(
  formats: FormatsView | undefined,
  wish: Wish | undefined,
  onChange: (wish: Wish) => void,
): Target | undefined {
  const [byFormat, setByFormat] = useState<Record<string, JobOptions>>({})
  const format = formats?.formats.find(({ id }) => id === wish?.format)
  if (!formats || !wish || !format) return undefined
  const change = (next: Wish) => {
    setByFormat({ ...byFormat, [next.format]: next.options })
    onChange(next)
  }
  return {
    wish,
    format,
    chooseFormat: (id) => change({ format: id, options: byFormat[id] ?? {} }),
    choosePreset: (id) => {
      const preset = formats.presets.find((one) => one.id === id)
      if (preset) onChange({ format: preset.format, options: preset.options, preset: id })
    },
    setOption: (name, value) =>
      change({ format: format.id, options: withOption(format, wish.options, name, value) }),
  }
}
