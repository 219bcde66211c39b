import type { MiddlewareStack } from '@smithy/types'

/** Told once for each DynamoDB call: the operation, the table, and the capacity units it consumed. */
export type CapacityMeter = (use: { operation: string; table: string; units: number }) => void

type ConsumedCapacity = { TableName?: string | undefined; CapacityUnits?: number | undefined }

/** Asks DynamoDB to answer what each call consumed, and tells the meter. */
export function meterCapacity<In extends object, Out extends object>(
  stack: MiddlewareStack<In, Out>,
  meter: CapacityMeter,
): void {
  stack.add(
    (next, context) => async (args) => {
      const operation = (context.commandName ?? 'unknown').replace(/Command$/, '')
      if (!METERED.has(operation)) return next(args)
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } })
      for (const { TableName: table = 'unknown', CapacityUnits: units = 0 } of consumed(result.output))
        meter({ operation, table, units })
      return result
    },
    { step: 'initialize', name: 'meterCapacity' },
  )
}

const METERED = new Set([
  'GetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'Query',
  'BatchGetItem',
  'BatchWriteItem',
])

function consumed(output: object): ConsumedCapacity[] {
  if (!('ConsumedCapacity' in output) || !output.ConsumedCapacity) return []
  const one = output.ConsumedCapacity
  return Array.isArray(one) ? (one as ConsumedCapacity[]) : [one]
}
