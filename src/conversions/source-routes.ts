import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Id } from '../contract/index.ts'
import { sendFile, type DownloadTransport } from './file-routes.ts'
import type { Sounds } from './sounds.ts'

export type SourceRoutesParts = { sounds: Sounds; downloadTransport: DownloadTransport }

/** Sources as they came, for pages that play them. */
export const sourceRoutes: FastifyPluginCallbackZod<SourceRoutesParts> = (
  app,
  { sounds, downloadTransport },
  done,
) => {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/uploads/:uploadId/source',
    schema: {
      tags: ['uploads'],
      params: z.object({ uploadId: Id }),
      produces: ['application/octet-stream'],
      summary: 'The uploaded file',
      description: 'Byte for byte; `Range` is honoured.',
    },
    handler: async (request, reply) =>
      sendFile(await sounds.downloadOf(request.params.uploadId), downloadTransport, request, reply),
  })
  done()
}
