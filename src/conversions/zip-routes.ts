import { create as contentDisposition } from 'content-disposition'
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Log } from '../kernel/log.ts'
import type { Conversions } from './conversions.ts'
import { JobIds } from './job-ids.ts'
import { namesInOneFolder } from './result-names.ts'
import type { StoredResult } from './result-store.ts'
import { readZip, zipSize, type ZippedFile } from './result-zip.ts'

const ZIP_NAME = 'tapedeck.zip'

type ZipRoutesParts = { conversions: Conversions; log: Log }

/** Results of several jobs as one file. It goes through this process always: no store can make it. */
export const zipRoutes: FastifyPluginCallbackZod<ZipRoutesParts> = (app, { conversions, log }, done) => {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/results.zip',
    schema: {
      tags: ['jobs'],
      querystring: z.object({ jobId: JobIds }),
      produces: ['application/zip'],
      summary: 'Results of several jobs as one zip',
      description:
        'The converted files of several jobs as one zip, uncompressed, in the order of the ids. Refused unless every ' +
        'job is done; the problem has the `jobId`. When a file cannot be read in the middle the connection is cut.',
    },
    handler: async (request, reply) => {
      const results = await conversions.findResults(request.query.jobId)
      const files = filesOf(conversions, results)
      reply.headers({
        'content-type': 'application/zip',
        'content-disposition': contentDisposition(ZIP_NAME),
        'content-length': `${zipSize(files)}`,
      })
      if (request.method === 'HEAD') return reply.send()
      const zip = readZip(files)
      zip.once('error', (err) => log.warn({ err, requestId: request.id }, 'a zip ended before its end'))
      return reply.send(zip)
    },
  })
  done()
}

function filesOf(conversions: Conversions, results: readonly StoredResult[]): ZippedFile[] {
  const names = namesInOneFolder(results.map(({ fileName }) => fileName))
  return results.map((result, at) => ({
    name: names[at] ?? result.fileName,
    lastModified: new Date(result.finishedAt),
    size: result.size,
    open: async () => (await conversions.openResult(result, undefined)).body,
  }))
}
