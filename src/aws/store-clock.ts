import type { MiddlewareStack } from '@smithy/types'
import type { Clock } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'

/**
 * Listens to what time a store's answers name. The result gives by how many milliseconds our clock was ahead of the
 * store's with its last answer; undefined before the first answer, and of a store that sends no `Date`.
 */
export function watchClock<In extends object, Out extends object>(
  stack: MiddlewareStack<In, Out>,
  clock: Pick<Clock, 'now'>,
): () => number | undefined {
  let ahead: number | undefined
  stack.add(
    (next) => async (args) => {
      const askedAt = clock.now()
      const result = await next(args)
      const date = dateOf(result.response)
      // The header has whole seconds, cut off: on average half a second has passed since.
      if (date !== undefined) ahead = Math.round((askedAt + clock.now()) / 2 - (date + SECOND_MS / 2))
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'watchClock' }, // inside of what throws for an answer of 400 and more
  )
  return () => ahead
}

function dateOf(response: unknown): number | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined
  const { date } = response.headers as Record<string, string | undefined>
  const ms = Date.parse(date ?? '')
  return Number.isNaN(ms) ? undefined : ms
}
