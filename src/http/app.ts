import fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Keyring } from '../access/index.ts'
import { cleanupRoutes, type CleanupRoutesParts } from '../cleanup/index.ts'
import { conversionRoutes, type ConversionRoutesParts } from '../conversions/index.ts'
import { HOUR_MS, KiB, MiB, SECOND_MS } from '../kernel/units.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Tracing } from '../kernel/tracing.ts'
import { uploadRoutes, Uppy, uppyRoutes, type Uploads } from '../uploads/index.ts'
import { answerNotModified } from './conditional.ts'
import { requireKeys } from './access.ts'
import { accessRoutes } from './access-routes.ts'
import { limitBodyTime } from './body-time.ts'
import { answerClientError } from './client-errors.ts'
import { watchClients } from './client-gone.ts'
import { allowOrigins } from './cors.ts'
import { serveDocs } from './docs.ts'
import { refuseWhileDraining } from './draining.ts'
import { healthRoutes, type Check } from './health.ts'
import { guardHost, refuseTwoHosts } from './host-guard.ts'
import { limitRates } from './limits.ts'
import { metricsRoutes, type Metrics } from './metrics.ts'
import { describeApi } from './openapi.ts'
import { guardOrigin } from './origin-guard.ts'
import { servePage } from './page.ts'
import { answerProblems, answerUnroutable } from './problem.ts'
import { rememberRequests } from './request-context.ts'
import { requestIdOf } from './request-id.ts'
import { setDefaultHeaders, type PageOrigins } from './security-headers.ts'

/** Bodies that are not parts are small JSON documents. */
const LARGEST_JSON_BYTES = MiB
/** Of a body nothing more is read ahead than a socket gives at once: many parts at once then take little memory. */
const LARGEST_READ_AHEAD_BYTES = 16 * KiB
/** The longest that headers may take to arrive, from the moment a new connection stands: a client with nothing to say goes too. */
const LONGEST_HEADERS_MS = 20 * SECOND_MS
const LOOK_FOR_SLOW_EVERY_MS = 5 * SECOND_MS
/** The longest a whole request may take to arrive, a part on a slow line included. */
const LONGEST_REQUEST_MS = HOUR_MS

export type AppParts = {
  /** The API and the page; absent in a process that only runs jobs. */
  api?: Omit<ConversionRoutesParts, 'publicUrl'> &
    CleanupRoutesParts & { uploads: Uploads; pageDirectory: string }
  /** Keys that open the API; undefined: nobody needs one. */
  keyring: Keyring | undefined
  /** Origins of other pages that may call the API. */
  corsOrigins: readonly string[]
  /** Requests a minute of one client; undefined: no limit. */
  rateLimitPerMinute: number | undefined
  checks: Readonly<Record<string, Check>>
  metrics: Metrics
  version: string
  /** Host names it answers under; undefined takes any. */
  allowedHosts: readonly string[] | undefined
  /** Addresses and ranges of proxies in front, whose word on the client's address is taken. */
  trustedProxies: readonly string[]
  /** The service's root as clients reach it; undefined: as they call it. Ends in a slash. */
  publicUrl: string | undefined
  /** Other origins that the page may use. */
  pageOrigins: PageOrigins
  clock: Clock
  log: Log
  tracing: Tracing
}

/** The HTTP side of a process: routes of the features, and what holds for all of them. */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const { api, checks, clock, log } = parts
  const app = fastify({
    http: {
      ...{ highWaterMark: LARGEST_READ_AHEAD_BYTES, headersTimeout: LONGEST_HEADERS_MS },
      connectionsCheckingInterval: LOOK_FOR_SLOW_EVERY_MS,
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: answerUnroutable,
    bodyLimit: LARGEST_JSON_BYTES,
    requestTimeout: LONGEST_REQUEST_MS,
    genReqId: requestIdOf,
    trustProxy: [...parts.trustedProxies],
    return503OnClosing: false, // its answer is no problem document; ours is
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  answerProblems(app, log)
  rememberRequests(app, parts.tracing)
  watchClients(app)
  setDefaultHeaders(app, parts.pageOrigins, parts.corsOrigins.length > 0)
  refuseWhileDraining(app)
  answerNotModified(app)
  if (parts.corsOrigins.length > 0) await allowOrigins(app, parts.corsOrigins)
  await limitRates(app, parts.rateLimitPerMinute)
  requireKeys(app, { keyring: parts.keyring, adminKey: parts.api?.adminKey, clock })
  logRequests(app, log)
  refuseTwoHosts(app)
  limitBodyTime(app, clock)
  if (parts.allowedHosts) guardHost(app, parts.allowedHosts)
  guardOrigin(app, { allowed: parts.corsOrigins, publicUrl: parts.publicUrl })
  await describeApi(app, { version: parts.version, asksForKeys: parts.keyring !== undefined })
  await app.register(healthRoutes, { prefix: '/api', checks, clock })
  await app.register(metricsRoutes, { metrics: parts.metrics })
  if (api) {
    await app.register(uploadRoutes, { prefix: '/api', uploads: api.uploads })
    const uppy = new Uppy({ uploads: api.uploads, clock })
    await app.register(uppyRoutes, { prefix: '/api', uppy, publicUrl: parts.publicUrl })
    await app.register(conversionRoutes, { ...api, prefix: '/api', publicUrl: parts.publicUrl })
    await app.register(accessRoutes, { prefix: '/api', clock })
    await app.register(cleanupRoutes, { ...api, prefix: '/api' })
    await serveDocs(app)
    await servePage(app, api.pageDirectory)
  }
  return app
}

/** The route as it was declared, since an id is the right to use what it names. */
function logRequests(app: FastifyInstance, log: Log): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { id: requestId, method, routeOptions } = request
    const fields = { requestId, method, route: routeOptions.url, status: reply.statusCode }
    log.debug({ ...fields, ms: Math.round(reply.elapsedTime) }, 'answered')
    done()
  })
}
