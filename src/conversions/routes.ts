import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  FormatsView,
  Id,
  IdempotencyHeader,
  JobRequest,
  JobView,
  ProgressView,
  type LimitsView,
} from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { etagOf } from '../kernel/etag.ts'
import type { Log } from '../kernel/log.ts'
import type { Format } from '../ffmpeg/index.ts'
import { artworkRoutes } from './artwork-routes.ts'
import type { Artworks } from './artworks.ts'
import type { Conversions } from './conversions.ts'
import { sendFile, type DownloadTransport } from './file-routes.ts'
import { linkRoutes } from './link-routes.ts'
import type { Seen } from './job-status.ts'
import { parseMark } from './mark.ts'
import type { OwnArtworks } from './own-artworks.ts'
import { previewRoutes } from './preview-routes.ts'
import type { Previews } from './previews.ts'
import type { Sounds } from './sounds.ts'
import { sourceRoutes } from './source-routes.ts'
import { streamRoutes } from './stream-routes.ts'
import { waveformRoutes } from './waveform-routes.ts'
import type { Waveforms } from './waveforms.ts'
import { etagFor, formatsView, jobView, progressView } from './views.ts'
import { zipRoutes } from './zip-routes.ts'

const ById = z.object({ jobId: Id })
const tags = ['jobs']
const ofOne = { tags, params: ById }

const SCHEMAS = {
  formats: {
    ...{ tags: ['formats'], summary: 'Formats, their options, presets, limits' },
    response: { 200: FormatsView },
  },
  request: {
    ...{ tags, summary: 'Convert an upload, or several joined' },
    ...{ body: JobRequest, headers: IdempotencyHeader, response: { 202: JobView } },
  },
  cancel: { ...ofOne, summary: 'End a job, FFmpeg included', response: { 202: JobView } },
  retry: { ...ofOne, summary: 'Queue a failed or cancelled job again', response: { 202: JobView } },
  find: {
    ...{ ...ofOne, response: { 200: JobView } },
    summary: 'A job with its source, what changes, and its result or error',
  },
  remove: { ...ofOne, summary: 'Remove an ended job with its result', response: { 204: z.null() } },
  log: { ...ofOne, summary: "FFmpeg's last lines", produces: ['text/plain'] },
  progress: {
    ...{ tags, summary: 'State, phase, percent, speed, time left', querystring: ById },
    response: { 200: ProgressView },
  },
  result: {
    ...{ ...ofOne, summary: 'The converted file', description: '`Range` is honoured.' },
    produces: ['application/octet-stream'],
  },
}

export type ConversionRoutesParts = {
  conversions: Conversions
  sounds: Sounds
  waveforms: Waveforms
  artworks: Artworks
  ownArtworks: OwnArtworks
  previews: Previews
  clock: Clock
  log: Log
  random: () => number
  formats: readonly Format[]
  limits: LimitsView
  /** How files are sent. */
  downloadTransport: DownloadTransport
  /** The service's root as clients reach it; undefined: as they call it. Ends in a slash. */
  publicUrl: string | undefined
}

/** Options carry the prefix that the app has applied already; it must not be applied again. */
const SAME_PLACE = { prefix: '' }

/** Jobs over HTTP. No decisions here. */
export const conversionRoutes: FastifyPluginCallbackZod<ConversionRoutesParts> = (app, parts, done) => {
  app.register(jobRoutes, { ...parts, ...SAME_PLACE })
  app.register(streamRoutes, { ...parts, ...SAME_PLACE })
  app.register(resultRoutes, { ...parts, ...SAME_PLACE })
  app.register(linkRoutes, { ...parts, ...SAME_PLACE })
  app.register(sourceRoutes, { ...parts, ...SAME_PLACE })
  app.register(artworkRoutes, { ...parts, ...SAME_PLACE })
  app.register(previewRoutes, { ...parts, ...SAME_PLACE })
  app.register(waveformRoutes, { ...parts, ...SAME_PLACE })
  app.register(zipRoutes, { ...parts, ...SAME_PLACE })
  const formats = formatsView(parts.formats, parts.limits)
  app.get('/formats', { schema: SCHEMAS.formats }, (_, reply) => {
    void reply.headers({ 'cache-control': 'private, max-age=60', etag: etagOf(formats) })
    return formats
  })
  done()
}

const jobRoutes: FastifyPluginCallbackZod<ConversionRoutesParts> = (app, { conversions }, done) => {
  app.post('/jobs', { schema: SCHEMAS.request }, async (request, reply) => {
    const seen = await conversions.request(request.body, {
      idempotencyKey: request.headers['idempotency-key'],
      owner: request.caller?.owner,
    })
    return reply.header('location', `jobs/${seen.status.job.jobId}`).code(202).send(tagged(reply, seen))
  })

  for (const verb of ['cancel', 'retry'] as const)
    app.post(`/jobs/:jobId/${verb}`, { schema: SCHEMAS[verb] }, async (request, reply) => {
      const seen = await conversions[verb](request.params.jobId, request.caller?.owner)
      return reply.code(202).send(tagged(reply, seen))
    })

  app.get('/jobs/:jobId', { schema: SCHEMAS.find }, async (request, reply) => {
    // Who comes here after the end was told elsewhere, without a tag, looks for the result.
    const after = seenBy(request)
    const seen = await conversions.find(request.params.jobId, after, { exactly: after === undefined })
    const view = tagged(reply, seen)
    reply.header('cache-control', cacheFor(view))
    return view
  })

  app.delete('/jobs/:jobId', { schema: SCHEMAS.remove }, async (request, reply) => {
    await conversions.remove(request.params.jobId)
    return reply.code(204).send(null)
  })

  app.get('/jobs/:jobId/log', { schema: SCHEMAS.log }, async (request, reply) =>
    reply.type('text/plain; charset=utf-8').send(await conversions.readLog(request.params.jobId)),
  )

  app.get('/progress', { schema: SCHEMAS.progress }, async (request, reply) => {
    const seen = await conversions.find(request.query.jobId, seenBy(request))
    const view = progressView(seen)
    reply.headers({ 'cache-control': cacheFor(view), etag: etagFor(seen, { ...view, asOf: '' }) })
    return view
  })

  done()
}

const resultRoutes: FastifyPluginCallbackZod<ConversionRoutesParts> = (
  app,
  { conversions, downloadTransport },
  done,
) => {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/jobs/:jobId/result',
    schema: SCHEMAS.result,
    handler: async (request, reply) => {
      const file = await conversions.findResult(request.params.jobId)
      const open = (range: string | undefined) => conversions.openResult(file, range)
      const link = (disposition: string) => conversions.linkResult(file, disposition)
      return sendFile({ file, open, link }, downloadTransport, request, reply)
    },
  })
  done()
}

/**
 * A job's view, with its entity tag on the answer: answers of a POST have one, too (RFC 9110, 8.8.3), so that a client
 * can show the next process what it knows.
 */
function tagged(reply: FastifyReply, seen: Seen): JobView {
  const view = jobView(seen)
  reply.header('etag', etagFor(seen, { ...view, progress: { ...view.progress, asOf: '' } }))
  return view
}

/** How far the client has seen a job already, by the entity tag it holds. */
const seenBy = ({ headers }: FastifyRequest) =>
  parseMark(/"([\d.]+)-/.exec(headers['if-none-match'] ?? '')?.[1] ?? '')

const cacheFor = ({ state }: Pick<JobView, 'state'>) =>
  `private, max-age=${state === 'queued' || state === 'running' ? 1 : 60}`
