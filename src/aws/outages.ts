import type { MiddlewareStack } from '@smithy/types'
import { Failure } from '../kernel/failure.ts'

/** A store did not answer, or answered that it cannot serve now. Nothing is known about what was asked. */
export class StoreUnavailable extends Failure {
  readonly code = 'store-unavailable'

  constructor(store: 'state' | 'objects', cause: unknown) {
    super(
      'The service cannot reach its storage right now. Nothing is lost; please try again shortly.',
      {},
      { cause },
    )
    this.store = store
  }

  readonly store: 'state' | 'objects'
}

/** Makes a client throw {@link StoreUnavailable} for outages, after the SDK's own retries are spent. */
export function nameOutages<In extends object, Out extends object>(
  stack: MiddlewareStack<In, Out>,
  store: 'state' | 'objects',
): void {
  stack.add(
    (next) => async (args) => {
      try {
        return await next(args)
      } catch (error) {
        throw isOutage(error) ? new StoreUnavailable(store, error) : error
      }
    },
    { step: 'initialize', priority: 'high', name: 'nameOutages' },
  )
}

/** The store is there and asks for less (DynamoDB: "Error handling"; S3: "Error responses"). */
const THROTTLES = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'SlowDown',
  'ThrottlingException',
])
const OUTAGE_NAMES = new Set([
  'BrokenCircuitError',
  'InternalError',
  'InternalServerError',
  'RequestTimeout',
  'ServiceUnavailable',
  'TimeoutError',
])
const NETWORK_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

export const isThrottle = (error: unknown): boolean => error instanceof Error && THROTTLES.has(nameOf(error))

export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (isThrottle(error) || OUTAGE_NAMES.has(nameOf(error))) return true
  if ('code' in error && typeof error.code === 'string' && NETWORK_CODES.has(error.code)) return true
  return httpStatus(error) >= 500
}

/** cockatiel's errors bear their names as their classes only. */
const nameOf = (error: Error) => (error.name === 'Error' ? error.constructor.name : error.name)

/** The status of the store's answer to a failed call, 0 when there was none. */
export function httpStatus(error: unknown): number {
  if (!(error instanceof Error) || !('$metadata' in error)) return 0
  const metadata = error.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return 0
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : 0
}
