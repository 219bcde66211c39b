import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  CompleteRequest,
  CompleteView,
  IdempotencyHeader,
  PartView,
  TargetsRequest,
  TargetsView,
  UploadProgressView,
  UploadRequest,
  UploadView,
} from '../contract/index.ts'
import { isoTime, type Clock } from '../kernel/clock.ts'
import { etagOf } from '../kernel/etag.ts'
import { geometryOfSession, type Upload } from './upload.ts'
import { PartOutOfRange } from './failures.ts'
import { sizeOfPart } from './geometry.ts'
import type { Uploads } from './uploads.ts'
import { partView, uploadProgressView, uploadView } from './views.ts'

const ById = z.object({ uploadId: z.string() })
const PartHeaders = z.object({
  'content-length': z.coerce.number().int().nonnegative().optional(),
  'x-part-crc32': z
    .string()
    .regex(/^[0-9a-fA-F]{8}$/)
    .optional()
    .describe('CRC-32 of this part, 8 hex digits'),
})
const tags = ['uploads']

type Parts = { uploads: Uploads; clock: Clock }

/** Uploads over HTTP. No decisions here. */
export const uploadRoutes: FastifyPluginCallbackZod<Parts> = (app, { uploads, clock }, done) => {
  const parts = { uploads, clock } // without the prefix, which the app has applied already
  app.register(sessionRoutes, parts)
  app.register(partRoutes, parts)
  app.register(progressRoutes, parts)
  done()
}

const sessionRoutes: FastifyPluginCallbackZod<Parts> = (app, { uploads }, done) => {
  app.post(
    '/uploads',
    { schema: { tags, body: UploadRequest, headers: IdempotencyHeader, response: { 201: UploadView } } },
    async (request, reply) => {
      const upload = await uploads.create(request.body, request.headers['idempotency-key'])
      const { uploadId } = upload.session
      return reply.code(201).header('location', `uploads/${uploadId}`).send(uploadView(upload))
    },
  )

  app.get(
    '/uploads/:uploadId',
    { schema: { tags, params: ById, response: { 200: UploadView } } },
    async (request) => uploadView(await uploads.find(request.params.uploadId)),
  )

  app.post(
    '/uploads/:uploadId/complete',
    { schema: { tags, params: ById, body: CompleteRequest.nullish(), response: { 200: CompleteView } } },
    async (request) => {
      const media = await uploads.complete(request.params.uploadId, request.body?.crc32)
      return { state: 'ready' as const, media }
    },
  )

  app.post(
    '/uploads/:uploadId/targets',
    { schema: { tags, params: ById, body: TargetsRequest, response: { 200: TargetsView } } },
    async (request) => targetsView(await uploads.find(request.params.uploadId), request.body),
  )

  app.delete(
    '/uploads/:uploadId',
    { schema: { tags, params: ById, response: { 204: z.null() } } },
    async (request, reply) => {
      await uploads.remove(request.params.uploadId)
      return reply.code(204).send(null)
    },
  )

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
        consumes: ['application/octet-stream'],
        params: ById.extend({ part: z.coerce.number() }),
        headers: PartHeaders,
        response: { 200: PartView },
      },
    },
    async (request) => {
      const { uploadId, part } = request.params
      const upload = await uploads.receivePart(uploadId, {
        part,
        body: request.raw,
        contentLength: request.headers['content-length'],
        crc32: request.headers['x-part-crc32'],
      })
      return partView(part, upload)
    },
  )

  done()
}

const progressRoutes: FastifyPluginCallbackZod<Parts> = (app, { uploads, clock }, done) => {
  app.get(
    '/upload-progress',
    { schema: { tags, querystring: ById, response: { 200: UploadProgressView } } },
    async (request, reply) => {
      const upload = await uploads.find(request.query.uploadId)
      const view = uploadProgressView(upload, clock.now())
      const final = ['ready', 'aborted', 'failed'].includes(view.state)
      reply.headers({
        'cache-control': `private, max-age=${final ? 60 : 1}`,
        etag: etagOf({ ...view, asOf: '' }),
      })
      return view
    },
  )
  done()
}

/** Parts that are stored already get no target. URLs are relative to the request's, so that a path in front may be any. */
function targetsView({ session, parts }: Upload, { want }: TargetsRequest): TargetsView {
  const stored = new Set(parts.map(({ part }) => part))
  const geometry = geometryOfSession(session)
  const targets = want.flatMap(({ part, crc32 }) => {
    const size = sizeOfPart(geometry, part)
    if (stored.has(part)) return []
    if (size === undefined) throw new PartOutOfRange(part, geometry.partCount)
    return [
      {
        part,
        method: 'PUT' as const,
        url: `parts/${part}`,
        headers: crc32 === undefined ? {} : { 'x-part-crc32': crc32 },
        size,
        expiresAt: isoTime(session.expiresAt),
      },
    ]
  })
  return { targets, received: uploadView({ session, parts }).received }
}
