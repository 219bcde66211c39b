import type { FormatsView } from '../../../src/contract/formats.ts'
import type { Wish } from '../deck/index.ts'
import { messages } from './index.ts'

/** All that the server can make, its labels in the language of the page. */
export const spoken = (formats: FormatsView): FormatsView =>
  JSON.parse(JSON.stringify(formats), (key, value: unknown) =>
    key === 'label' && typeof value === 'string' ? (messages.served[value] ?? value) : value,
  ) as FormatsView

/** What a file becomes, in a word or two: the preset where it is one, else the format. */
export function targetName(wish: Wish, { formats, presets }: FormatsView): string {
  const preset = presets.find(({ id }) => id === wish.preset)
  return (preset ?? formats.find(({ id }) => id === wish.format))?.label ?? wish.format
}
