import type { MiddlewareStack } from '@smithy/types'

/**
 * Told once for each DynamoDB call: the operation, the table, the access pattern as its repository {@link named} it, and
 * the capacity units it consumed.
 */
export type CapacityMeter = (use: {
  operation: string
  table: string
  pattern: string
  units: number
}) => void

/** Says which access pattern a command belongs to. */
export function named<Named extends { middlewareStack: { add: (...what: never[]) => void } }>(
  pattern: string,
  command: Named,
): Named {
  const stack = command.middlewareStack as unknown as MiddlewareStack<object, object>
  stack.add(
    (next, context) => (args) => {
      context[PATTERN] = pattern
      return next(args)
    },
    // The document client runs the stack of its command twice over.
    { step: 'initialize', priority: 'high', name: 'namePattern', override: true },
  )
  return command
}

const PATTERN = 'accessPattern'

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
        meter({ operation, table, pattern: patternOf(context), units })
      return result
    },
    { step: 'initialize', name: 'meterCapacity' },
  )
}

const patternOf = ({ [PATTERN]: pattern }: Record<string, unknown>) =>
  typeof pattern === 'string' ? pattern : 'other'

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
