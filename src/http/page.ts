import staticFiles from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import path from 'node:path'

/** Serves the built page. Names under `assets/` carry a hash of their content, so they may be kept for ever. */
export async function servePage(app: FastifyInstance, directory: string): Promise<void> {
  const assets = path.join(directory, 'assets') + path.sep
  await app.register(staticFiles, {
    root: directory,
    cacheControl: false,
    setHeaders(reply, file) {
      const keep = file.startsWith(assets) ? 'public, max-age=31536000, immutable' : 'no-cache'
      void reply.header('cache-control', keep)
    },
  })
}
