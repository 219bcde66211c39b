import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Id, Pending } from '../contract/index.ts'
import { sayMaking, sendFile, type DownloadTransport } from './file-routes.ts'
import type { Previews } from './previews.ts'

export type PreviewRoutesParts = { previews: Previews; downloadTransport: DownloadTransport }

const FLAC = { description: 'A FLAC file', content: { 'audio/flac': { schema: z.file() } } }
const common = {
  summary: 'The sound as FLAC',
  description: 'Which every browser plays; made when first asked for. `Range` is honoured.',
  response: { 200: FLAC, 202: Pending },
}
const method: ('GET' | 'HEAD')[] = ['GET', 'HEAD']

/** Sounds for browsers that cannot play them as they are. */
export const previewRoutes: FastifyPluginCallbackZod<PreviewRoutesParts> = (
  app,
  { previews, downloadTransport },
  done,
) => {
  app.route({
    ...{ method, url: '/uploads/:uploadId/preview' },
    schema: { ...common, tags: ['uploads'], params: z.object({ uploadId: Id }) },
    handler: async (request, reply) => {
      const preview = await previews.ofUpload(request.params.uploadId, request.gone)
      return preview ? sendFile(preview, downloadTransport, request, reply) : sayMaking(reply)
    },
  })

  app.route({
    ...{ method, url: '/jobs/:jobId/preview' },
    schema: { ...common, tags: ['jobs'], params: z.object({ jobId: Id }) },
    handler: async (request, reply) => {
      const preview = await previews.ofResult(request.params.jobId, request.gone)
      return preview ? sendFile(preview, downloadTransport, request, reply) : sayMaking(reply)
    },
  })

  done()
}
