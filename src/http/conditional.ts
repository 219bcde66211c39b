import type { FastifyInstance } from 'fastify'
import { Readable } from 'node:stream'
import { matchesEtag } from '../kernel/etag.ts'

/** Answers 304 without a body where the client has what the route's `etag` header names (RFC 9110, 13.1.2). */
export function answerNotModified(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const etag = reply.getHeader('etag')
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const isFresh = typeof etag === 'string' && matchesEtag(request.headers['if-none-match'], etag)
    if (!isRead || !isFresh || reply.statusCode >= 300) {
      done(null, payload)
      return
    }
    if (payload instanceof Readable) payload.destroy()
    reply.code(304).removeHeader('content-length').removeHeader('content-range')
    done(null, null)
  })
}
