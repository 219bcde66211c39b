import type { FastifyInstance } from 'fastify'
import { inRequest } from '../kernel/request-context.ts'

/** Lets what is done for a request know its id, however far away from the routes. */
export function rememberRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _, done) => inRequest({ requestId: request.id }, done))
}
