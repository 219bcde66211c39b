import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'

class ForeignOrigin extends Failure {
  readonly code = 'foreign-origin' satisfies ProblemCode
  constructor() {
    super(
      'A page of another origin may not do this. The operator of this server can allow it in CORS_ORIGINS.',
    )
  }
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

export type Origins = {
  /** Origins whose pages may call the API; `*` for all. */
  allowed: readonly string[]
  /** The root of this service as clients reach it, where it is known. */
  publicUrl: string | undefined
}

/**
 * Refuses what a page of another origin wants changed. CORS alone does not: a simple request is carried out before the
 * browser keeps its answer from the page (Fetch standard, 3.3). Clients that are no browsers send neither header.
 */
export function guardOrigin(app: FastifyInstance, origins: Origins): void {
  app.addHook('onRequest', (request, _, done) => {
    const isRefused = !SAFE_METHODS.includes(request.method) && isForeign(request, origins)
    done(isRefused ? new ForeignOrigin() : undefined)
  })
}

type Asked = { headers: FastifyRequest['headers']; host: string }

/**
 * `Sec-Fetch-Site` is the browser's own word, also behind a proxy that changes `Host`. Browsers send it to HTTPS and
 * loopback only (Fetch Metadata, 2), so elsewhere `Origin` has to name this host.
 */
export function isForeign({ headers, host }: Asked, { allowed, publicUrl }: Origins): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== undefined && (allowed.includes('*') || allowed.includes(origin))) return false
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  if (origin === undefined) return false
  return !isOriginOf(origin, publicUrl) && !isHostOf(origin, host)
}

const isOriginOf = (origin: string, url: string | undefined) =>
  url !== undefined && new URL(url).origin === origin

/** Whatever the scheme: it is not known behind a proxy that ends TLS. */
function isHostOf(origin: string, host: string): boolean {
  const page = URL.parse(origin)
  return page !== null && page.host === URL.parse(`${page.protocol}//${host}`)?.host
}
