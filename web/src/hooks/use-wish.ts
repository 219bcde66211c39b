import { useMemo, useState } from 'react'
import type { FormatsView } from '../../../src/contract/formats.ts'
import type { Wish } from '../deck/index.ts'
import { browserStorage } from '../storage.ts'

const KEPT_AS = 'tapedeck target'

/** What files become unless they have a target of their own: as on the last visit, at first the server's first preset. */
export function useWish(formats: FormatsView | undefined): [Wish | undefined, (wish: Wish) => void] {
  const [chosen, setChosen] = useState(lastChosen)
  const choose = (wish: Wish) => {
    setChosen(wish)
    try {
      browserStorage()?.setItem(KEPT_AS, JSON.stringify(wish))
    } catch {
      // Full or forbidden: it is chosen for this visit.
    }
  }
  const isMade = formats?.formats.some(({ id }) => id === chosen?.format)
  const standard = useMemo(() => firstPreset(formats), [formats])
  return [isMade ? chosen : standard, choose]
}

function firstPreset(formats: FormatsView | undefined): Wish | undefined {
  const [first] = formats?.presets ?? []
  return first && { format: first.format, options: first.options, preset: first.id }
}

function lastChosen(): Wish | undefined {
  try {
    const kept = JSON.parse(browserStorage()?.getItem(KEPT_AS) ?? 'null') as Partial<Wish> | null
    return typeof kept?.format === 'string' && typeof kept.options === 'object' ? (kept as Wish) : undefined
  } catch {
    return undefined
  }
}
