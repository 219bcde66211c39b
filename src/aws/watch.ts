import type { MiddlewareStack } from '@smithy/types'
import { isThrottle } from './outages.ts'

/** A client of ours, by what it is for. */
export type ClientName = 'interactive' | 'background' | 'objects' | 'parts'

/** Told of how the stores treat us, client by client. */
export type StoreWatch = {
  /** A call was asked to come back later, whether a retry went well or not. */
  throttled: (client: ClientName) => void
  /** The breaker of a client is now so: `open` lets nothing through, `half-open` one call. */
  breaker: (client: ClientName, state: 'closed' | 'half-open' | 'open') => void
}

/** Tells of every answer that asks for less, those that the SDK then retries by itself included. */
export function watchThrottles<In extends object, Out extends object>(
  stack: MiddlewareStack<In, Out>,
  onThrottle: () => void,
): void {
  stack.add(
    (next) => async (args) => {
      try {
        const answer = await next(args)
        if (isPartly(answer.output)) onThrottle()
        return answer
      } catch (error) {
        if (isThrottle(error)) onThrottle()
        throw error
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'watchThrottles' }, // inside of the SDK's retries
  )
}

/** A batch of which DynamoDB left something undone, since there was no capacity for it. */
function isPartly(output: object): boolean {
  const left = { ...output } as { UnprocessedKeys?: object; UnprocessedItems?: object }
  return Object.keys({ ...left.UnprocessedKeys, ...left.UnprocessedItems }).length > 0
}
