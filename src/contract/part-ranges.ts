/**
 * Part numbers as text, the form of `received` and `missing`: sorted, runs joined, e.g. `1-14,17`; empty for none.
 */
export function formatPartRanges(parts: Iterable<number>): string {
  const sorted = [...new Set(parts)].sort((a, b) => a - b)
  const runs: { first: number; last: number }[] = []
  for (const part of sorted) {
    const run = runs.at(-1)
    if (run && run.last === part - 1) run.last = part
    else runs.push({ first: part, last: part })
  }
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

/** The inverse of {@link formatPartRanges}. Throws `RangeError` when the text is not of that form. */
export function parsePartRanges(text: string): Set<number> {
  const parts = new Set<number>()
  if (text === '') return parts
  for (const run of text.split(',')) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(run) ?? []
    if (first === undefined) throw new RangeError(`Not a list of part ranges: ${text}`)
    for (let part = Number(first); part <= Number(last); part++) parts.add(part)
  }
  return parts
}
