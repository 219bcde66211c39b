import type { FastifyInstance } from 'fastify'
import type { ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'

class ForeignHost extends Failure {
  readonly code = 'foreign-host' satisfies ProblemCode
  constructor() {
    super('This server does not answer under that host name. Its operator can allow it in ALLOWED_HOSTS.')
  }
}

class TwoHosts extends Failure {
  readonly code = 'invalid-request' satisfies ProblemCode
  constructor() {
    super('A request has exactly one Host header.')
  }
}

/** As RFC 9112 (3.2) demands: a proxy before us may have judged by the other one. */
export function refuseTwoHosts(app: FastifyInstance): void {
  app.addHook('onRequest', ({ raw: { rawHeaders } }, _, done) => {
    const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
    done(hosts.length > 1 ? new TwoHosts() : undefined)
  })
}

/**
 * Refuses requests whose `Host` header names somebody else: a page of a foreign site whose name was made to point at
 * this machine (DNS rebinding) would otherwise be let in by the browser. Health is exempt, since probes use addresses.
 */
export function guardHost(app: FastifyInstance, allowed: readonly string[]): void {
  app.addHook('onRequest', (request, _, done) => {
    const isProbe = request.routeOptions.url?.startsWith('/api/health/') ?? false
    if (isProbe || allowed.includes(request.hostname.toLowerCase())) done()
    else done(new ForeignHost())
  })
}
