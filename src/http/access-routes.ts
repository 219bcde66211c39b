import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { PassView } from '../contract/index.ts'
import { isoTime, type Clock } from '../kernel/clock.ts'
import { HOUR_MS } from '../kernel/units.ts'

/** As long as a page may go on without asking again. */
const PASS_LIFE_MS = HOUR_MS

/** For pages, whose players, pictures and event streams cannot send a key. */
export const accessRoutes: FastifyPluginCallbackZod<{ clock: Clock }> = (app, { clock }, done) => {
  app.post(
    '/pass',
    {
      schema: {
        tags: ['access'],
        summary: 'A token for addresses that cannot send a key',
        response: { 201: PassView },
        description:
          'A token that lets addresses of this API be read without a key, as `?access=…`: for an hour, and no more than ' +
          'the key could read. Null where the service asks for no keys.',
      },
    },
    async ({ caller }, reply) => {
      const expiresAt = clock.now() + PASS_LIFE_MS
      const access = caller?.grant({ kind: 'reads' }, expiresAt) ?? null
      return reply.code(201).send({ owner: caller?.owner ?? null, access, expiresAt: isoTime(expiresAt) })
    },
  )
  done()
}
