import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  Id,
  UppyCompleteRequest,
  UppyCompleteView,
  UppyCreateRequest,
  UppyCreateView,
  UppyPartsView,
  UppyTargetView,
} from '../contract/index.ts'
import { rootOf } from '../kernel/root-url.ts'
import { MultipartOnly } from './failures.ts'
import { uppyUploadId, type Uppy } from './uppy.ts'
import { signedPath } from './views.ts'

/** The upload that the path begins with is absent where uploads are begun. */
const Base = z.object({ capability: Id.optional() })
type Base = typeof Base
/** Without it, so that the API's description names no parameter that a path has not. */
const paramsOf = (named: boolean) => (named ? Base : (Base.omit({ capability: true }) as unknown as Base))
const tags = ['uppy']

/** `publicUrl`: the service's root as clients reach it; by default as they called it. Uppy needs whole URLs for parts. */
type Parts = { uppy: Uppy; publicUrl: string | undefined }
type Below = Parts & { named: boolean }

/**
 * The routes that the S3 plugin of Uppy asks of Companion, for multipart uploads, twice: below `/uppy`, where it begins
 * uploads, and below `/uploads/{id}`, where knowing the id is the right to send that one file and nothing else.
 */
export const uppyRoutes: FastifyPluginCallbackZod<Parts> = (app, { uppy, publicUrl }, done) => {
  for (const named of [false, true]) {
    const prefix = named ? '/uploads/:capability/s3' : '/uppy/s3'
    app.register(multipartRoutes, { prefix, named, uppy, publicUrl })
    app.register(endRoutes, { prefix, named, uppy, publicUrl })
  }
  done()
}

const multipartRoutes: FastifyPluginCallbackZod<Below> = (app, { named, uppy, publicUrl }, done) => {
  const base = paramsOf(named)
  const one = base.extend({ uploadId: Id })
  app.get('/params', { schema: { hide: true } }, () => {
    throw new MultipartOnly()
  })

  app.post(
    '/multipart',
    {
      schema: {
        tags,
        summary: 'Begin an upload',
        params: base,
        body: UppyCreateRequest,
        response: { 200: UppyCreateView },
      },
    },
    async ({ params, body, caller }) => {
      const uploadId = await uppy.begin(params.capability, body, { owner: caller?.owner })
      return { uploadId, key: uploadId }
    },
  )

  app.get(
    '/multipart/:uploadId',
    { schema: { tags, summary: 'Parts that are there', params: one, response: { 200: UppyPartsView } } },
    ({ params }) => uppy.list(uppyUploadId(params)),
  )

  app.get(
    '/multipart/:uploadId/:part',
    {
      schema: {
        tags,
        summary: 'Where to send a part',
        params: one.extend({ part: z.coerce.number() }),
        response: { 200: UppyTargetView },
      },
    },
    async (request) => {
      const uploadId = uppyUploadId(request.params)
      const { url, part, expiresAt, expiresInSeconds } = await uppy.target(uploadId, request.params.part)
      const access = request.caller?.grant({ kind: 'parts', uploadId }, expiresAt)
      const ours = signedPath(`${rootOf(request, publicUrl)}api/uploads/${uploadId}/parts/${part}`, access)
      return { url: url ?? ours, expires: expiresInSeconds }
    },
  )
  done()
}

const endRoutes: FastifyPluginCallbackZod<Below> = (app, { named, uppy, publicUrl }, done) => {
  const one = paramsOf(named).extend({ uploadId: Id })
  app.post(
    '/multipart/:uploadId/complete',
    {
      schema: {
        tags,
        summary: 'Join the parts',
        params: one,
        body: UppyCompleteRequest,
        response: { 200: UppyCompleteView },
      },
    },
    async (request) => {
      const uploadId = uppyUploadId(request.params)
      await uppy.complete(uploadId, request.body)
      return { location: `${rootOf(request, publicUrl)}api/uploads/${uploadId}`, key: uploadId }
    },
  )

  app.delete(
    '/multipart/:uploadId',
    { schema: { tags, summary: 'Cancel an upload', params: one, response: { 200: z.object({}) } } },
    async ({ params }) => {
      await uppy.abort(uppyUploadId(params))
      return {}
    },
  )
  done()
}
