import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Id, LinkRequest, LinkView } from '../contract/index.ts'
import { isoTime, type Clock } from '../kernel/clock.ts'
import { rootOf } from '../kernel/root-url.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { Conversions } from './conversions.ts'

/** `publicUrl`: the service's root as clients reach it; by default as they called it. */
type Parts = { conversions: Conversions; clock: Clock; publicUrl: string | undefined }

/** Links to results, to be given to others. Where there are no keys they are as good as the result's own address. */
export const linkRoutes: FastifyPluginCallbackZod<Parts> = (app, { conversions, clock, publicUrl }, done) => {
  app.post(
    '/jobs/:jobId/link',
    {
      schema: {
        tags: ['jobs'],
        params: z.object({ jobId: Id }),
        body: LinkRequest.nullish(),
        response: { 201: LinkView },
        summary: 'A link to the result',
        description: 'It needs no key and stops working by itself.',
      },
    },
    async (request, reply) => {
      const { jobId } = request.params
      const { expiresInSeconds } = LinkRequest.parse(request.body ?? {})
      const { expiresAt: keptUntil } = await conversions.findResult(jobId)
      const expiresAt = Math.min(clock.now() + expiresInSeconds * SECOND_MS, keptUntil)
      const access = request.caller?.grant({ kind: 'job', jobId }, expiresAt)
      const url = new URL(`api/jobs/${jobId}/result`, rootOf(request, publicUrl))
      if (access !== undefined) url.searchParams.set('access', access)
      return reply.code(201).send({ url: url.href, expiresAt: isoTime(access ? expiresAt : keptUntil) })
    },
  )
  done()
}
