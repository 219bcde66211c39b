import type { FastifyReply } from 'fastify'
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Id, Keyword, Pending } from '../contract/index.ts'
import { etagOf } from '../kernel/etag.ts'
import type { Artworks } from './artworks.ts'
import { sayMaking } from './file-routes.ts'
import type { OwnArtworks } from './own-artworks.ts'

export type ArtworkRoutesParts = { artworks: Artworks; ownArtworks: OwnArtworks }

const JPEG = { description: 'A JPEG', content: { 'image/jpeg': { schema: z.file() } } }
const url = '/uploads/:uploadId/artwork'
const ById = z.object({ uploadId: Id })
const tags = ['uploads']

/** Covers of sources over HTTP. */
export const artworkRoutes: FastifyPluginCallbackZod<ArtworkRoutesParts> = (
  app,
  { artworks, ownArtworks },
  done,
) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, ignored) => ignored(null)) // bytes, read as they come

  app.get(
    url,
    {
      schema: {
        ...{ tags, params: ById, response: { 200: JPEG, 202: Pending } },
        querystring: z.object({
          embedded: Keyword.pipe(z.stringbool())
            .default(false)
            .describe('The embedded one, whatever was sent'),
        }),
        summary: 'The cover as a small JPEG',
        description:
          'The cover that was sent, else the embedded one, at most 512 pixels wide and high; made when first asked for.',
      },
    },
    async ({ params: { uploadId }, query, gone }, reply) =>
      answer(reply, await artworks.ofUpload(uploadId, query, gone)),
  )

  app.put(
    url,
    {
      schema: {
        ...{ tags, params: ById, response: { 204: z.null() }, consumes: ['image/jpeg', 'image/png'] },
        headers: z.object({ 'content-length': z.coerce.number().int().nonnegative().optional() }),
        summary: 'Send a cover of your own',
        description:
          'A cover for results (`artwork: "uploaded"`): the bytes of a JPEG or PNG of at most 10 MiB.',
      },
    },
    async ({ params: { uploadId }, headers, raw: body, gone }, reply) => {
      const { 'content-length': contentLength } = headers
      const contentType = body.headers['content-type']
      await ownArtworks.put(uploadId, { body, contentType, contentLength }, gone)
      return reply.code(204).send(null)
    },
  )

  app.delete(
    url,
    {
      schema: { tags, summary: 'Remove the cover that was sent', params: ById, response: { 204: z.null() } },
    },
    async ({ params: { uploadId } }, reply) => {
      await ownArtworks.remove(uploadId)
      return reply.code(204).send(null)
    },
  )
  done()
}

function answer(reply: FastifyReply, picture: Buffer | undefined) {
  if (!picture) return sayMaking(reply)
  reply.headers({ 'cache-control': 'private, max-age=3600', etag: etagOf(picture.toString('base64')) })
  return reply.type('image/jpeg').send(picture)
}
