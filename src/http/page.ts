import staticFiles from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import path from 'node:path'

/** The page loads nothing from anywhere else, runs no inline script, and talks to those alone that it must talk to. */
const securityHeaders = (connectsTo: readonly string[]) => ({
  'content-security-policy': [
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'self'",
    "form-action 'self'; frame-ancestors 'none'",
    ["connect-src 'self'", ...connectsTo].join(' '),
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
})

/** Serves the built page. Names under `assets/` carry a hash of their content, so they may be kept for ever. */
export async function servePage(app: FastifyInstance, directory: string): Promise<void> {
  const assets = path.join(directory, 'assets') + path.sep
  await app.register(staticFiles, {
    root: directory,
    cacheControl: false,
    setHeaders(reply, file) {
      const keep = file.startsWith(assets) ? 'public, max-age=31536000, immutable' : 'no-cache'
      void reply.header('cache-control', keep)
    },
  })
}

/** Headers of every answer, unless a route says otherwise. */
export function setDefaultHeaders(app: FastifyInstance, connectsTo: readonly string[]): void {
  const always = { ...securityHeaders(connectsTo), 'cache-control': 'no-store' }
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({ ...always, 'x-request-id': request.id })
    done()
  })
}
