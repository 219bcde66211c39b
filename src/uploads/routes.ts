import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  CompleteRequest,
  CompleteView,
  Crc32,
  Id,
  IdempotencyHeader,
  PartView,
  TargetsRequest,
  TargetsView,
  UploadProgressView,
  UploadRequest,
  UploadView,
} from '../contract/index.ts'
import { etagOf } from '../kernel/etag.ts'
import type { Uploads } from './uploads.ts'
import { partView, targetsView, uploadProgressView, uploadView } from './views.ts'

const ById = z.object({ uploadId: Id })
const PartHeaders = z.object({
  'content-length': z.coerce.number().int().nonnegative().optional(),
  'x-part-crc32': Crc32.optional().describe('CRC-32 of this part, 8 hex digits'),
})
const tags = ['uploads']
const ofOne = { tags, params: ById }

const SCHEMAS = {
  begin: {
    ...{ tags, summary: 'Begin an upload', body: UploadRequest, headers: IdempotencyHeader },
    response: { 201: UploadView },
  },
  find: { ...ofOne, summary: 'Which parts are there', response: { 200: UploadView } },
  complete: {
    ...{ ...ofOne, body: CompleteRequest.nullish(), response: { 200: CompleteView } },
    summary: 'Join the parts',
    description: 'Says what audio it is; the same answer every time.',
  },
  targets: {
    ...{ ...ofOne, body: TargetsRequest, response: { 200: TargetsView } },
    summary: 'Where to send which part',
    description: 'Parts that are stored already get no target.',
  },
  remove: { ...ofOne, summary: 'Cancel an upload, with all its bytes', response: { 204: z.null() } },
  progress: {
    ...{ tags, summary: 'Percent, bytes, rate and time left', querystring: ById },
    response: { 200: UploadProgressView },
  },
}

type Parts = { uploads: Uploads }

/** Uploads over HTTP. No decisions here. */
export const uploadRoutes: FastifyPluginCallbackZod<Parts> = (app, { uploads }, done) => {
  const parts = { uploads } // without the prefix, which the app has applied already
  app.register(sessionRoutes, parts)
  app.register(partRoutes, parts)
  app.register(progressRoutes, parts)
  done()
}

const sessionRoutes: FastifyPluginCallbackZod<Parts> = (app, { uploads }, done) => {
  app.post('/uploads', { schema: SCHEMAS.begin }, async (request, reply) => {
    const upload = await uploads.create(request.body, {
      idempotencyKey: request.headers['idempotency-key'],
      owner: request.caller?.owner,
    })
    const { uploadId } = upload.session
    return reply.code(201).header('location', `uploads/${uploadId}`).send(uploadView(upload))
  })

  app.get('/uploads/:uploadId', { schema: SCHEMAS.find }, async (request) =>
    uploadView(await uploads.find(request.params.uploadId)),
  )

  app.post('/uploads/:uploadId/complete', { schema: SCHEMAS.complete }, async (request) => {
    const media = await uploads.complete(request.params.uploadId, request.body?.crc32)
    return { state: 'ready' as const, media }
  })

  app.post('/uploads/:uploadId/targets', { schema: SCHEMAS.targets }, async (request) => {
    const { upload, targets } = await uploads.targets(request.params.uploadId, request.body)
    return targetsView(upload, targets, (expiresAt) =>
      request.caller?.grant({ kind: 'parts', uploadId: upload.session.uploadId }, expiresAt),
    )
  })

  app.delete('/uploads/:uploadId', { schema: SCHEMAS.remove }, async (request, reply) => {
    await uploads.remove(request.params.uploadId)
    return reply.code(204).send(null)
  })

  done()
}

const partRoutes: FastifyPluginCallbackZod<Parts> = (app, { uploads }, done) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, ignored) => ignored(null)) // bytes of any type, read as they come

  app.put(
    '/uploads/:uploadId/parts/:part',
    {
      schema: {
        tags,
        summary: 'Send one part, in any order',
        consumes: ['application/octet-stream'],
        params: ById.extend({ part: z.coerce.number() }),
        headers: PartHeaders,
        response: { 200: PartView },
      },
    },
    async (request, reply) => {
      const { uploadId, part } = request.params
      const { upload, etag } = await uploads.receivePart(uploadId, {
        part,
        body: request.raw,
        contentLength: request.headers['content-length'],
        crc32: request.headers['x-part-crc32']?.toLowerCase(),
        client: request.client,
      })
      reply.header('etag', etag) // S3's own, for clients that speak of parts as S3 does
      return partView(part, upload)
    },
  )

  done()
}

const progressRoutes: FastifyPluginCallbackZod<Parts> = (app, { uploads }, done) => {
  app.get('/upload-progress', { schema: SCHEMAS.progress }, async (request, reply) => {
    const view = uploadProgressView(await uploads.look(request.query.uploadId))
    const final = ['ready', 'aborted', 'failed'].includes(view.state)
    reply.headers({
      'cache-control': `private, max-age=${final ? 60 : 1}`,
      etag: etagOf({ ...view, asOf: '' }),
    })
    return view
  })
  done()
}
