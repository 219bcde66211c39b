import type { Clock } from '../kernel/clock.ts'

/** One question for all who ask within so many milliseconds. */
export function remembered<Answer>(
  clock: Pick<Clock, 'now'>,
  forMs: number,
  ask: () => Promise<Answer>,
): () => Promise<Answer> {
  let last: { answer: Promise<Answer>; at: number } | undefined
  return () => {
    if (!last || clock.now() - last.at > forMs) last = { answer: ask(), at: clock.now() }
    return last.answer
  }
}
