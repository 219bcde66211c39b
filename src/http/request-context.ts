import type { FastifyInstance } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'
import { inRequest } from '../kernel/request-context.ts'

/** W3C Trace Context, 3.2: version, trace-id, parent-id, flags; later versions may have more. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/

/** Lets what is done for a request know its id, however far away from the routes, and the trace of its caller. */
export function rememberRequests(app: FastifyInstance): void {
  app.addHook('onRequest', ({ id: requestId, headers }, _, done) =>
    inRequest({ requestId, ...traceOf(headers) }, done),
  )
}

function traceOf({ traceparent }: IncomingHttpHeaders): { traceId?: string } {
  const [, traceId] = TRACEPARENT.exec(typeof traceparent === 'string' ? traceparent : '') ?? []
  return traceId === undefined ? {} : { traceId }
}
