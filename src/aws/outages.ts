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
    { step: 'initialize', name: 'nameOutages' },
  )
}

const OUTAGE_NAMES = new Set([
  'TimeoutError',
  'RequestTimeout',
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'SlowDown',
  'InternalServerError',
  'InternalError',
  'ServiceUnavailable',
])
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (OUTAGE_NAMES.has(error.name)) return true
  if ('code' in error && typeof error.code === 'string' && NETWORK_CODES.has(error.code)) return true
  return httpStatus(error) >= 500
}

/** The status of the store's answer to a failed call, 0 when there was none. */
export function httpStatus(error: unknown): number {
  if (!(error instanceof Error) || !('$metadata' in error)) return 0
  const metadata = error.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return 0
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : 0
}
