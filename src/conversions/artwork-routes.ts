import type { FastifyReply } from 'fastify'
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Pending } from '../contract/index.ts'
import { etagOf } from '../kernel/etag.ts'
import type { Artworks } from './artworks.ts'
import { sayMaking } from './file-routes.ts'

export type ArtworkRoutesParts = { artworks: Artworks }

const JPEG = { description: 'A JPEG', content: { 'image/jpeg': { schema: z.file() } } }

/** Covers of sources over HTTP. */
export const artworkRoutes: FastifyPluginCallbackZod<ArtworkRoutesParts> = (app, { artworks }, done) => {
  app.get(
    '/uploads/:uploadId/artwork',
    {
      schema: {
        tags: ['uploads'],
        params: z.object({ uploadId: z.string() }),
        description: 'The cover, at most 512 pixels wide and high; made when first asked for.',
        response: { 200: JPEG, 202: Pending },
      },
    },
    async ({ params: { uploadId } }, reply) => answer(reply, await artworks.ofUpload(uploadId)),
  )
  done()
}

function answer(reply: FastifyReply, picture: Buffer | undefined) {
  if (!picture) return sayMaking(reply)
  reply.headers({ 'cache-control': 'private, max-age=3600', etag: etagOf(picture.toString('base64')) })
  return reply.type('image/jpeg').send(picture)
}
