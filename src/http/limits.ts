import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'

/** Clients that are remembered; the one seen longest ago is forgotten first. */
const MOST_CLIENTS = 10_000

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Who counts as one: the owner of a key, or else an address, of IPv6 the network of 64 bits that one customer has at
     * least (RFC 6177, 2).
     */
    readonly client: string
  }
}

class TooManyRequests extends Failure {
  readonly code = 'too-many-requests' satisfies ProblemCode
  constructor(most: number, what = 'requests') {
    super(`More than ${most} ${what} came within a minute. Please wait a little.`, { most })
  }
}

/** Wrong keys and links that one address may send in a minute: a person mistypes less often. */
const MOST_WRONG_KEYS = 30

const networkOf = ({ ip }: FastifyRequest) => normalizeIP(ip)

/**
 * Lets one client make so many requests a minute of this process, health excepted; undefined: any number. To be called
 * before routes are declared.
 */
export async function limitRates(app: FastifyInstance, perMinute: number | undefined): Promise<void> {
  app.decorateRequest('client', {
    getter() {
      return this.caller ? `owner ${this.caller.owner}` : networkOf(this)
    },
  })
  await app.register(rateLimit, {
    global: perMinute !== undefined,
    max: perMinute ?? Number.POSITIVE_INFINITY,
    timeWindow: '1 minute',
    cache: MOST_CLIENTS,
    keyGenerator: ({ client }) => client,
    allowList: ({ routeOptions }) => routeOptions.url?.startsWith('/api/health/') ?? false,
    errorResponseBuilder: (_, { max }) => new TooManyRequests(max),
  })
}

/** Gives what counts a wrong key or link, and throws {@link TooManyRequests} when its address sent too many. */
export function limitWrongKeys(app: FastifyInstance): (request: FastifyRequest) => Promise<void> {
  const count = app.createRateLimit({ max: MOST_WRONG_KEYS, keyGenerator: networkOf })
  return async (request) => {
    const counted = await count(request)
    if (!counted.isAllowed && counted.isExceeded) throw new TooManyRequests(MOST_WRONG_KEYS, 'wrong keys')
  }
}
