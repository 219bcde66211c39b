import type { FastifyInstance } from 'fastify'

/** Origins that the page may use beside its own: to send to, and to play from. */
export type PageOrigins = { connects: readonly string[]; plays: readonly string[] }

/** The page loads nothing from anywhere else, runs no inline script, and talks to those alone that it must talk to. */
const securityHeaders = ({ connects, plays }: PageOrigins, isShared: boolean) => ({
  'content-security-policy': [
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'self'",
    "form-action 'self'; frame-ancestors 'none'",
    ["media-src 'self' blob:", ...plays].join(' '), // a redirect leads there, and is held to this policy, too
    ["connect-src 'self'", ...connects].join(' '),
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': isShared ? 'cross-origin' : 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
})

/** Of an answer that is no page. */
export const SECURITY_HEADERS = securityHeaders({ connects: [], plays: [] }, false)

/** Headers of every answer, unless a route says otherwise. `isShared`: pages of other origins may use the answers. */
export function setDefaultHeaders(app: FastifyInstance, origins: PageOrigins, isShared: boolean): void {
  const always = { ...securityHeaders(origins, isShared), 'cache-control': 'no-store' }
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({ ...always, 'x-request-id': request.id })
    done()
  })
}
