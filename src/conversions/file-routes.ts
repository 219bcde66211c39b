import { create as contentDisposition } from 'content-disposition'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { etagOf } from '../kernel/etag.ts'
import type { StoredBytes, StoredFile } from './result-store.ts'

/** A file in the store that somebody wants: what is told of it, and the ways to its bytes. */
export type Download = {
  file: StoredFile
  /** The bytes, or one range of them. Throws RangeNotSatisfiable, and what tells that they are gone. */
  open: (range: string | undefined) => Promise<StoredBytes>
  /** A link straight to the store. */
  link: (contentDisposition: string) => Promise<string>
}

/** Through this process or by a link to the store. */
export type DownloadTransport = 'proxy' | 'direct'

/** Sends a file by name, whole or the range that is asked for. Bytes under a key never change, so it is their tag. */
export async function sendFile(
  { file, open, link }: Download,
  transport: DownloadTransport,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const disposition = contentDisposition(file.fileName)
  if (transport === 'direct') return reply.redirect(await link(disposition), 302)
  reply.headers({
    'content-type': file.mimeType,
    'content-disposition': disposition,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=60',
    etag: etagOf(file.key),
  })
  if (request.method === 'HEAD') return reply.header('content-length', file.size).send()
  const { body, length, contentRange } = await open(wantedRange(request, file))
  if (contentRange !== undefined) reply.code(206).header('content-range', contentRange)
  return reply.header('content-length', length).send(body)
}

/**
 * The range to serve, if any. Several ranges at once and an `If-Range` of other bytes are answered with the whole, as
 * RFC 9110 (14.2, 13.1.5) allows and demands.
 */
function wantedRange({ headers }: FastifyRequest, { key }: StoredFile): string | undefined {
  const { range } = headers
  const condition = headers['if-range']
  if (range === undefined || range.includes(',')) return undefined
  if (condition !== undefined && condition !== etagOf(key)) return undefined
  return range
}

const AGAIN_AFTER_SECONDS = 2

/** What is asked for is still being made. */
export const sayMaking = (reply: FastifyReply) =>
  reply.code(202).header('retry-after', AGAIN_AFTER_SECONDS).send({ state: 'making' })
