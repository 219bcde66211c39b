import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { traceparentOf } from '../kernel/traceparent.ts'
import type { Span, Tracing } from '../kernel/tracing.ts'
import { inContext } from '../kernel/work-context.ts'

/** Asked again and again, or telling nothing of anybody's work. */
const UNTRACED = /^\/api\/(docs|health|openapi|progress|upload-progress)\b/

/** Lets what is done for a request know its id, however far away from the routes, and its place in a trace. */
export function rememberRequests(app: FastifyInstance, tracing: Tracing): void {
  app.addHook('onRequest', (request, reply, done) => {
    const callersTrace = traceparentOf(request.headers['traceparent'])
    const span = traceRequest(tracing, request, callersTrace)
    if (span) endWithAnswer(span, reply)
    const traceparent = span ? span.traceparent : callersTrace
    inContext({ requestId: request.id, callersTrace, traceparent }, done)
  })
}

/** By OpenTelemetry's "Semantic conventions for HTTP spans"; without a path, since the ids in it are rights. */
function traceRequest(
  tracing: Tracing,
  { id, method, routeOptions: { url: route = '' } }: FastifyRequest,
  parent: string | undefined,
): Span | undefined {
  if (!route.startsWith('/api/') || UNTRACED.test(route)) return undefined
  const attributes = { 'http.request.method': method, 'http.route': route, 'tapedeck.request_id': id }
  return tracing.begin(`${method} ${route}`, { kind: 'server', parent, attributes })
}

/** Also when nobody waited for it. */
function endWithAnswer(span: Span, { raw }: FastifyReply): void {
  raw.once('close', () => {
    const { headersSent, statusCode } = raw
    if (headersSent) span.set({ 'http.response.status_code': statusCode })
    const failure = statusCode >= 500 ? String(statusCode) : undefined
    span.end(raw.writableFinished ? failure : 'aborted')
  })
}
