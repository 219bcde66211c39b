const FIRST_LIMIT = 3

/** How many parts may be on their way at once: grows while all goes well, halves when the line or the server is strained. */
export type Parallelism = {
  limit: () => number
  /** Marks the start of a try; hand the mark to `strained` when that try fails. */
  mark(): number
  /** A part went through at the first try. */
  clean(): void
  strained(mark: number): void
}

export function createParallelism(most: number): Parallelism {
  let limit = Math.max(1, Math.min(FIRST_LIMIT, most))
  let halvings = 0
  return {
    limit: () => limit,
    mark: () => halvings,
    clean() {
      if (limit < most) limit++
    },
    // Parts that were under way together often fail together: that is one sign of strain, not six.
    strained(mark) {
      if (mark !== halvings) return
      halvings++
      limit = Math.max(1, Math.floor(limit / 2))
    },
  }
}

/** Runs `task` for each of `parts`, as many at once as `limit()` says; at the first failure stops the others and throws it. */
export async function eachInParallel(
  parts: Iterable<number>,
  limit: () => number,
  outer: AbortSignal,
  task: (part: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const signal = AbortSignal.any([outer, stop.signal])
  const running = new Set<Promise<void>>()
  for (const part of parts) {
    while (running.size >= limit()) await Promise.race(running)
    if (signal.aborted) break
    // Abort keeps its first reason only: the failure that stopped the others, not theirs.
    const run = task(part, signal)
      .catch((error: unknown) => stop.abort(error))
      .finally(() => running.delete(run))
    running.add(run)
  }
  await Promise.all(running)
  signal.throwIfAborted()
}
