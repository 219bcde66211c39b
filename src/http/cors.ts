import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'

/** A browser asks again whether it may after two hours at the latest (Chromium's own limit). */
const PREFLIGHT_SECONDS = 7200

/** Headers of answers that pages of other origins need to read; what is not named they do not see. */
const EXPOSED = [
  ...['ETag', 'Location', 'Content-Disposition', 'Content-Range', 'Accept-Ranges'],
  ...['Retry-After', 'X-Request-Id'],
]

/** Lets pages of these origins call the API. There are no cookies, so there is nothing that they could use unasked. */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    exposedHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
    credentials: false,
  })
}
