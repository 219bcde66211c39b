import type { FastifyReply } from 'fastify'
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Id, Pending, WaveformView } from '../contract/index.ts'
import { etagOf } from '../kernel/etag.ts'
import { sayMaking } from './file-routes.ts'
import { MOST_POINTS, zoomedOut } from './peaks.ts'
import type { Waveforms } from './waveforms.ts'

export type WaveformRoutesParts = { waveforms: Waveforms }

const Zoom = z.object({
  points: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_POINTS)
    .default(MOST_POINTS)
    .describe('At most so many; the whole sound in any case'),
})
const response = { 200: WaveformView, 202: Pending }
const summary = 'Peaks of the sound, and its loudness'
const description = 'As BBC audiowaveform has them; made when first asked for.'

/** Pictures of sources and results over HTTP. */
export const waveformRoutes: FastifyPluginCallbackZod<WaveformRoutesParts> = (app, { waveforms }, done) => {
  app.get(
    '/uploads/:uploadId/waveform',
    {
      schema: {
        ...{ tags: ['uploads'], summary, description, response, querystring: Zoom },
        params: z.object({ uploadId: Id }),
      },
    },
    async ({ params: { uploadId }, query: { points }, gone }, reply) =>
      answer(reply, await waveforms.ofUpload(uploadId, gone), points),
  )

  app.get(
    '/jobs/:jobId/waveform',
    {
      schema: {
        ...{ tags: ['jobs'], summary, description, response, querystring: Zoom },
        params: z.object({ jobId: Id }),
      },
    },
    async ({ params: { jobId }, query: { points }, gone }, reply) =>
      answer(reply, await waveforms.ofResult(jobId, gone), points),
  )

  done()
}

function answer(reply: FastifyReply, wave: WaveformView | undefined, points: number) {
  if (!wave) return sayMaking(reply)
  const zoomed = zoomedOut(wave, points)
  return reply.headers({ 'cache-control': 'private, max-age=60', etag: etagOf(zoomed) }).send(zoomed)
}
