import type { MiddlewareStack } from '@smithy/types'
import { CircuitState, circuitBreaker, ConsecutiveBreaker, handleWhen } from 'cockatiel'
import { SECOND_MS } from '../kernel/units.ts'
import { isOutage, isThrottle } from './outages.ts'
import type { StoreWatch } from './watch.ts'

/** Calls in a row that must fail, each after the SDK's own retries, before a store counts as away. */
const FAILURES = 5
/** After this long one call is let through to see whether the store is back; the others wait for its outcome. */
const TRY_AFTER_MS = 2 * SECOND_MS

/**
 * Makes calls to a store that is away fail at once, so that nobody waits for time-outs. A store that throttles is not
 * away, and a condition that does not hold is an answer.
 */
export function breakCircuit<In extends object, Out extends object>(
  stack: MiddlewareStack<In, Out>,
  onState: (state: State) => void = () => undefined,
): void {
  const away = handleWhen((error) => isOutage(error) && !isThrottle(error))
  const breaker = circuitBreaker(away, {
    halfOpenAfter: TRY_AFTER_MS,
    breaker: new ConsecutiveBreaker(FAILURES),
  })
  onState('closed')
  breaker.onStateChange((state) => onState(NAMES[state]))
  stack.add((next) => (args) => breaker.execute(() => next(args)), {
    step: 'initialize',
    priority: 'low', // inside of what names outages
    name: 'breakCircuit',
  })
}

type State = Parameters<StoreWatch['breaker']>[1]

const NAMES: Record<CircuitState, State> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
}
