import type { Instruments } from './instruments.ts'

const BREAKER = { closed: 0, 'half-open': 1, open: 2 }

type UnitsUse = { operation: string; table: string; pattern: string; units: number }

/** What the clients of the stores tell. */
export function storeMetrics({ counter, gauge }: Instruments) {
  const units = counter({
    ...{ name: 'tapedeck_dynamodb_units_total', help: 'Capacity units consumed, as DynamoDB told it' },
    labels: ['operation', 'table', 'pattern'],
  })
  const throttles = counter({
    ...{ name: 'tapedeck_store_throttles_total', help: 'Answers of the stores that asked for less' },
    labels: ['client'],
  })
  const breaker = gauge({
    ...{ name: 'tapedeck_breaker_state', help: 'Breaker of a client: 0 closed, 1 half open, 2 open' },
    labels: ['client'],
  })
  return {
    /** Counts the units one DynamoDB call consumed. */
    countUnits: ({ units: consumed, ...use }: UnitsUse) => units.inc(use, consumed),
    /** Counts what a store refused, and shows whether it counts as away. */
    watch: {
      throttled: (client: string) => throttles.inc({ client }),
      breaker: (client: string, state: keyof typeof BREAKER) => breaker.set({ client }, BREAKER[state]),
    },
  }
}
