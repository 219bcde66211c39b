/** The part of a sound that is kept, and how it begins and ends; milliseconds of the source. */
export type Cuts = { startMs: number; endMs: number; fadeInMs: number; fadeOutMs: number }
export type Edge = keyof Cuts

/** The shortest sound that can be left. */
const SHORTEST_MS = 100

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))

/**
 * Moves one edge to a value, as far as the others let it: what is kept has a length, and fades do not overlap. `longestFadeMs`
 * is what the format takes.
 */
export function moveEdge(
  cuts: Cuts,
  edge: Edge,
  valueMs: number,
  { durationMs, longestFadeMs }: { durationMs: number; longestFadeMs: number },
): Cuts {
  const value = Math.round(valueMs)
  const shortest = Math.min(SHORTEST_MS, durationMs)
  switch (edge) {
    case 'startMs':
      return fitting({ ...cuts, startMs: clamp(value, 0, cuts.endMs - shortest) })
    case 'endMs':
      return fitting({ ...cuts, endMs: clamp(value, cuts.startMs + shortest, durationMs) })
    case 'fadeInMs':
    case 'fadeOutMs': {
      const other = edge === 'fadeInMs' ? cuts.fadeOutMs : cuts.fadeInMs
      const room = cuts.endMs - cuts.startMs - other
      return { ...cuts, [edge]: clamp(value, 0, Math.min(room, longestFadeMs)) }
    }
  }
}

/** Fades as they are, or shorter where less is left: the one at the end first. */
function fitting(cuts: Cuts): Cuts {
  const length = cuts.endMs - cuts.startMs
  const fadeInMs = Math.min(cuts.fadeInMs, length)
  return { ...cuts, fadeInMs, fadeOutMs: Math.min(cuts.fadeOutMs, length - fadeInMs) }
}

type CutOptions = {
  trim?: { startMs?: number | undefined; endMs?: number | undefined } | undefined
  fadeInMs?: number | undefined
  fadeOutMs?: number | undefined
}

/** As options of a job have it; what is as the whole sound would be is undefined. */
export function toOptions({ startMs, endMs, fadeInMs, fadeOutMs }: Cuts, durationMs: number) {
  const trim = { ...(startMs > 0 && { startMs }), ...(endMs < durationMs && { endMs }) }
  return {
    trim: Object.keys(trim).length > 0 ? trim : undefined,
    fadeInMs: fadeInMs || undefined,
    fadeOutMs: fadeOutMs || undefined,
  }
}

export function fromOptions({ trim, fadeInMs = 0, fadeOutMs = 0 }: CutOptions, durationMs: number): Cuts {
  return {
    startMs: trim?.startMs ?? 0,
    endMs: Math.min(trim?.endMs ?? durationMs, durationMs),
    fadeInMs,
    fadeOutMs,
  }
}
