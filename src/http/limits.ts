import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'

/** Clients that are remembered; the one seen longest ago is forgotten first. */
const MOST_CLIENTS = 10_000

class TooManyRequests extends Failure {
  readonly code = 'too-many-requests' satisfies ProblemCode
  constructor(most: number) {
    super(`More than ${most} requests came within a minute. Please wait a little.`, { most })
  }
}

/**
 * Lets one client, a key's owner or else an address, make so many requests a minute of this process, health excepted. To
 * be called after keys are looked at, and before routes are declared.
 */
export async function limitRates(app: FastifyInstance, perMinute: number): Promise<void> {
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: '1 minute',
    cache: MOST_CLIENTS,
    keyGenerator: ({ caller, ip }) => (caller ? `owner ${caller.owner}` : ip),
    allowList: ({ routeOptions }) => routeOptions.url?.startsWith('/api/health/') ?? false,
    errorResponseBuilder: (_, { max }) => new TooManyRequests(max),
  })
}
