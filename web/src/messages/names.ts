import type { FormatsView } from '../../../src/contract/formats.ts'
import type { OptionDescription } from '../../../src/contract/options.ts'
import type { Wish } from '../deck/index.ts'
import { messages } from './index.ts'

type Preset = FormatsView['presets'][number]

export const presetName = ({ id, label }: Preset): string => messages.picker.presetNames[id] ?? label

/** The label of an option, in the language of the page where that has one. */
export const optionName = (name: string, { label }: OptionDescription): string =>
  messages.picker.optionNames[name] ?? label

/** What a file becomes, in a word or two: the preset where it is one, else the format. */
export function targetName(wish: Wish, formats: FormatsView): string {
  const preset = formats.presets.find(({ id }) => id === wish.preset)
  return preset
    ? presetName(preset)
    : (formats.formats.find(({ id }) => id === wish.format)?.label ?? wish.format)
}
