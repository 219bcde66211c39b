/** No further ahead of what is known than this many percent: what is shown stays close to the truth. */
const FURTHEST_AHEAD = 8
/** 100 is shown only when it is true. */
const NEARLY = 99.5

/** A bar between two pieces of news: it goes on at the speed that was foretold, and never back. Times in milliseconds. */
export type Glide = {
  /** What was known at `atMs`, 0-100. */
  percent: number
  atMs: number
  /** Percent per millisecond. */
  rate: number
  /** Never shown less than this. */
  floor: number
}

export const restingAt = (percent: number): Glide => ({ percent, atMs: 0, rate: 0, floor: percent })

/** What to show at a moment. */
export function shownAt({ percent, atMs, rate, floor }: Glide, nowMs: number): number {
  if (percent >= 100) return 100
  const ahead = Math.min(FURTHEST_AHEAD, Math.max(0, nowMs - atMs) * rate)
  return Math.max(floor, Math.min(NEARLY, percent + ahead))
}

/** News: `percent` is true now, and the rest will take `etaMs`; null or undefined where nobody knows. */
export function onward(
  before: Glide,
  { percent, etaMs }: { percent: number; etaMs: number | null | undefined },
  nowMs: number,
): Glide {
  const rate = etaMs ? (100 - percent) / etaMs : 0
  return { percent, atMs: nowMs, rate, floor: Math.max(percent, shownAt(before, nowMs)) }
}
