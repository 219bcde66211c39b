import type { Edits } from '../deck/index.ts'

type Tags = Readonly<Record<string, string>>

/** A tag as it will be: set for this file, else that of the source. */
export const tagOf = ({ metadata }: Edits, source: Tags, name: string): string =>
  (typeof metadata === 'object' ? metadata[name] : undefined) ?? source[name] ?? ''

/** The setting with one tag changed; what is as in the source is not set, and undefined is left when nothing is. */
export function withTag({ metadata }: Edits, source: Tags, name: string, text: string): Edits['metadata'] {
  const set = typeof metadata === 'object' ? metadata : {}
  const others = Object.entries(set).filter(([other]) => other !== name)
  const all = text === (source[name] ?? '') ? others : [...others, [name, text] as const]
  return all.length > 0 ? Object.fromEntries(all) : undefined
}
