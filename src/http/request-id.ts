import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** An id from outside must not be able to break a log line or a header. */
const SANE = /^[A-Za-z0-9._:-]{8,128}$/

/**
 * The request's id: the sender's own when it is a sane one, so that logs of both sides can be joined. Ours have another
 * form than ids of uploads and jobs, which the log shortens.
 */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && SANE.test(given) ? given : randomUUID()
}
