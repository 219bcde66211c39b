import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { JobIds } from './job-ids.ts'
import { hasEnded } from './job.ts'
import { isBefore, markOf, parseMark } from './mark.ts'
import { progressEvents, type ProgressEventsParts, type Wanted } from './progress-events.ts'

const LastEventId = z.object({ 'last-event-id': z.string().max(4096).optional() })

/** Progress as server-sent events. */
export const streamRoutes: FastifyPluginCallbackZod<ProgressEventsParts> = (app, parts, done) => {
  const draining = new AbortController()
  app.addHook('preClose', (closed) => {
    draining.abort()
    closed()
  })
  app.get(
    '/progress/stream',
    {
      schema: {
        tags: ['jobs'],
        querystring: z.object({ jobId: JobIds }),
        headers: LastEventId,
        produces: ['text/event-stream'],
        summary: 'Progress of several jobs as server-sent events',
        description:
          'Server-sent events: `progress` (as GET /api/progress) for each job at once and on each change, `problem` ' +
          'for a job that is not there, `degraded` while the store is away. Ends after the last job ended or about ' +
          '100 s; 204 tells a client that has seen all the ends to stay away.',
      },
    },
    async (request, reply) => {
      const wanted = wantedBy(request.query.jobId, request.headers['last-event-id'] ?? '')
      if (await knowsAllEnds(parts, wanted)) return reply.code(204).send()
      const signal = AbortSignal.any([request.gone, draining.signal])
      reply.headers({ 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })
      return reply
        .type('text/event-stream; charset=utf-8')
        .send(Readable.from(progressEvents(parts, wanted, signal), { objectMode: false }))
    },
  )
  done()
}

function wantedBy(jobIds: readonly string[], lastEventId: string): Wanted {
  const marks = lastEventId.split('-')
  return [...new Set(jobIds)].map((jobId, at) => ({ jobId, after: parseMark(marks[at] ?? '') }))
}

/**
 * Whether the client has seen the end of every job it asks for: an EventSource comes back by itself for ever, unless it
 * is answered 204. Throws what keeps the stream from beginning, when that is so for every one of the jobs.
 */
async function knowsAllEnds({ conversions }: ProgressEventsParts, wanted: Wanted): Promise<boolean> {
  const outcomes = await Promise.allSettled(wanted.map(({ jobId, after }) => conversions.find(jobId, after)))
  const refusals = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
  if (refusals[0] && refusals.length === wanted.length) throw refusals[0]
  return outcomes.every((one, at) => {
    const after = wanted[at]?.after
    if (one.status === 'rejected' || !after) return false
    const { status } = one.value
    return hasEnded(status.job) && !isBefore(after, markOf(status))
  })
}
