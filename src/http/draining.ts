import type { FastifyInstance } from 'fastify'
import type { ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'

/** The process stops: what was asked for may be asked of another one, or later. */
export class ShuttingDown extends Failure {
  readonly code = 'shutting-down' satisfies ProblemCode
  constructor() {
    super('This server is stopping. Please try again.')
  }
}

/** From the moment of closing on, new requests on open connections are sent elsewhere; those under way end in peace. */
export function refuseWhileDraining(app: FastifyInstance): void {
  let draining = false
  app.addHook('preClose', (done) => {
    draining = true
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    if (!draining || request.routeOptions.url === '/api/health/live') return done()
    reply.header('connection', 'close')
    done(new ShuttingDown())
  })
}
