import type { FastifyInstance } from 'fastify'
import type { ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Aborts when the client closes the connection before it has the whole answer. Fastify's own `signal` is no use here:
     * Node closes an incoming message when its body has been read, and Fastify takes that for the client's leaving.
     */
    gone: AbortSignal
  }
}

/** Nobody reads this. It counts the request among those that their clients broke off, not among our errors. */
class ClientGone extends Failure {
  readonly code = 'invalid-request' satisfies ProblemCode
  constructor() {
    super('The client closed the connection before it had the answer.')
  }
}

/** Gives every request a signal by which what is done for it can stop when nobody waits for it any more. */
export function watchClients(app: FastifyInstance): void {
  app.addHook('onRequest', (request, { raw }, done) => {
    const leaving = new AbortController()
    request.gone = leaving.signal
    raw.once('close', () => {
      if (!raw.writableFinished) leaving.abort(new ClientGone())
    })
    done()
  })
}
