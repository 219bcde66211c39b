import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { CleanupView, type ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'
import { bearsKey } from '../kernel/sha256.ts'
import type { Sweeper } from './sweeper.ts'

class Unauthorized extends Failure {
  readonly code = 'unauthorized' satisfies ProblemCode
  constructor() {
    super('This needs the admin key: Authorization: Bearer <ADMIN_KEY>.')
  }
}

class Forbidden extends Failure {
  readonly code = 'forbidden' satisfies ProblemCode
  constructor() {
    super('This is switched off: its operator can allow it by setting ADMIN_KEY.')
  }
}

export type CleanupRoutesParts = {
  sweeper: Sweeper
  /** The key that operators send. */
  adminKey: string | undefined
  /** Whether a caller on this machine needs no key. */
  trustsLoopback: boolean
}

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** Cleanup on request. */
export const cleanupRoutes: FastifyPluginCallbackZod<CleanupRoutesParts> = (app, parts, done) => {
  const { sweeper, adminKey, trustsLoopback } = parts
  app.post(
    '/cleanup',
    {
      schema: {
        tags: ['operation'],
        summary: 'Sweep what has expired now',
        security: [{ operator: [] }],
        response: { 200: CleanupView },
      },
    },
    async ({ headers, ip }) => {
      if (adminKey !== undefined && !bearsKey(headers.authorization, adminKey)) throw new Unauthorized()
      if (adminKey === undefined && !(trustsLoopback && LOOPBACK.has(ip))) throw new Forbidden()
      return sweeper.sweep({ orphans: true })
    },
  )
  done()
}
