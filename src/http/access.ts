import type { FastifyInstance, FastifyRequest } from 'fastify'
import { signGrant, verifyGrant, type Grant, type Keyring, type KnownKey } from '../access/index.ts'
import type { ProblemCode } from '../contract/index.ts'
import { JobNotFound } from '../conversions/index.ts'
import { Failure } from '../kernel/failure.ts'
import type { Clock } from '../kernel/clock.ts'
import { isId, isOwnedBy } from '../kernel/ids.ts'
import { bearsKey } from '../kernel/sha256.ts'
import { UploadNotFound } from '../uploads/index.ts'
import { limitWrongKeys } from './limits.ts'

/** Whose key a request came with. */
export type Caller = {
  owner: string
  /** Signs what a link is to allow, until `expiresAt` in epoch milliseconds. */
  grant: (grant: Grant, expiresAt: number) => string
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined where the service asks for no keys. */
    caller: Caller | undefined
  }
}

class KeyRequired extends Failure {
  readonly code = 'unauthorized' satisfies ProblemCode
  constructor() {
    super('This service needs a key: Authorization: Bearer <key>.')
  }
}

class LinkExpired extends Failure {
  readonly code = 'link-expired' satisfies ProblemCode
  constructor() {
    super('This link has expired. Ask for a new one.')
  }
}

/** Probes have no keys, and cleanup has the operator's. How the API is called is said before anybody has a key. */
const OPEN_ROUTES = /^\/api\/(health\/|cleanup$|openapi\.json$|docs(\/|$))/

const METRICS = '/metrics'
const needsKey = (url: string) => url === METRICS || (url.startsWith('/api/') && !OPEN_ROUTES.test(url))

export type AccessParts = {
  /** Keys that open the API; undefined: nobody needs one. */
  keyring: Keyring | undefined
  /** The operator's key, which opens the metrics, too. */
  adminKey: string | undefined
  clock: Clock
}

/**
 * Lets nobody call the API or read the metrics without a key or a signed link, and shows nobody what was made under another
 * owner's key: it is not there. Without a keyring everybody may call, and knowing an id is the right to use it.
 */
export function requireKeys(app: FastifyInstance, { keyring, adminKey, clock }: AccessParts): void {
  app.decorateRequest('caller', undefined)
  if (!keyring) return
  const countWrongKey = limitWrongKeys(app)
  app.addHook('onRequest', async (request, reply) => {
    const { url = '' } = request.routeOptions
    if (!needsKey(url)) return
    if (url === METRICS && adminKey !== undefined && bearsKey(request.headers.authorization, adminKey)) return
    // Or a browser answers one who has no key with what it was told when there was one (RFC 9111, 4.1).
    reply.header('vary', ['authorization', reply.getHeader('vary')].flat().filter(Boolean).join(', '))
    const key = keyOf(request, keyring, clock.now())
    if (key === undefined) {
      if (hasKey(request)) await countWrongKey(request)
      throw new KeyRequired()
    }
    const { owner } = key
    request.caller = { owner, grant: (grant, expiresAt) => signGrant(key, grant, expiresAt) }
    refuseForeign(request.params, owner)
    refuseForeign(request.query, owner)
  })
  app.addHook('preHandler', ({ caller, body }, _, done) => {
    if (caller) refuseForeign(body, caller.owner)
    done()
  })
}

/** Whether it has a key or is a link, right or wrong. */
const hasKey = ({ headers, query }: FastifyRequest) =>
  headers.authorization !== undefined || (query as { access?: unknown }).access !== undefined

/** Undefined where there is none, or a wrong one. Throws LinkExpired. */
function keyOf(request: FastifyRequest, keyring: Keyring, now: number): KnownKey | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (bearer !== undefined) return keyring.find(bearer)
  const { access } = request.query as { access?: unknown }
  const verdict = verifyGrant(keyring, typeof access === 'string' ? access : '', grantsFor(request), now)
  if (verdict === 'expired') throw new LinkExpired()
  return verdict === 'wrong' ? undefined : verdict.key
}

/** Grants each of which would do for this request. */
function grantsFor({ method, params, routeOptions: { url = '' } }: FastifyRequest): Grant[] {
  const { uploadId, jobId } = params as { uploadId?: string; jobId?: string }
  if (method === 'PUT' && url === '/api/uploads/:uploadId/parts/:part' && uploadId !== undefined)
    return [{ kind: 'parts', uploadId }]
  if ((method !== 'GET' && method !== 'HEAD') || url === METRICS) return []
  return [{ kind: 'reads' }, ...(jobId === undefined ? [] : [{ kind: 'job' as const, jobId }])]
}

/** Every name under which a request can bear an id; test/integration/access.test.ts tries each route with a foreign one. */
const NOT_FOUND: Record<string, (id: string) => Failure> = {
  jobId: (id) => new JobNotFound(id),
  uploadId: (id) => new UploadNotFound(id),
  uploadIds: (id) => new UploadNotFound(id),
  capability: (id) => new UploadNotFound(id),
}

/** What is no id at all is left to the routes, which have always said so. */
function refuseForeign(fields: unknown, owner: string): void {
  const given = Object(fields) as Record<string, unknown>
  for (const [name, notFound] of Object.entries(NOT_FOUND))
    for (const id of [given[name]].flat())
      if (typeof id === 'string' && isId(id) && !isOwnedBy(id, owner)) throw notFound(id)
}
