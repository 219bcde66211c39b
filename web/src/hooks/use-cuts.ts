import type { Deck, Track } from '../deck/index.ts'
import { fromOptions, moveEdge, toOptions, type Cuts, type Edge } from '../editing/cuts.ts'

/** What every format takes at most, milliseconds. */
const LONGEST_FADE_MS = 60_000

export type CutEditing = {
  cuts: Cuts
  move: (edge: Edge, valueMs: number) => void
  clear: () => void
}

/** The cuts of a track, and moving their edges. */
export function useCuts(deck: Deck, { key, edits }: Track, durationMs: number): CutEditing {
  const cuts = fromOptions(edits, durationMs)
  const bounds = { durationMs, longestFadeMs: LONGEST_FADE_MS }
  return {
    cuts,
    move: (edge, valueMs) => deck.edit(key, toOptions(moveEdge(cuts, edge, valueMs, bounds), durationMs)),
    clear: () => deck.edit(key, { trim: undefined, fadeInMs: undefined, fadeOutMs: undefined }),
  }
}
