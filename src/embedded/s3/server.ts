import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Log } from '../../kernel/log.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import { answer, answerError } from './answer.ts'
import { authorize, type Gate } from './authorize.ts'
import type { Handler } from './call.ts'
import type { CorsAnswers } from './cors-answers.ts'
import { S3Error } from './errors.ts'
import { openPayload } from './payload.ts'
import { parseRequest } from './request.ts'
import { findRoute, type Operation } from './routes.ts'

export type ServerParts = {
  readonly operations: Readonly<Record<Operation, Handler>>
  readonly cors: CorsAnswers
  readonly gate: Gate
  readonly log: Log
  readonly port: number
}

export type Listening = {
  readonly port: number
  /** Takes no more requests, lets those under way finish for a moment, then cuts them off. */
  close(): Promise<void>
}

const HOST = '127.0.0.1'
/** SDKs reuse connections; one that is closed under a request in flight costs them a retry. */
const KEEP_ALIVE_MS = 75 * SECOND_MS
const CLOSE_GRACE_MS = 5 * SECOND_MS

/** Serves the operations over HTTP on the loopback interface. */
export async function listen(parts: ServerParts): Promise<Listening> {
  const underWay = new Set<Promise<void>>()
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const exchange = handle(parts, incoming, outgoing)
    underWay.add(exchange)
    void exchange.finally(() => underWay.delete(exchange))
    // Node waits for a connection that was busy at closing time until its client hangs up, which may take a minute.
    outgoing.on('close', () => {
      if (!server.listening) incoming.socket.end()
    })
  }
  // A part over a slow line takes as long as it takes: no limit on a whole request, the default one on its headers.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS }, onRequest)
  // Without a listener Node would say "100 Continue" before anything has been checked.
  server.on('checkContinue', onRequest)
  server.listen(parts.port, HOST)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port')
  return {
    port: address.port,
    async close() {
      await closeServer(server, parts)
      await Promise.all(underWay)
    },
  }
}

async function closeServer(server: Server, { gate }: ServerParts): Promise<void> {
  const closed = once(server, 'close')
  const early = new AbortController()
  server.close(() => early.abort())
  server.closeIdleConnections()
  await gate.clock.sleep(CLOSE_GRACE_MS, early.signal)
  server.closeAllConnections()
  await closed
}

/** One request from its first byte to the last of its answer. Never throws. */
async function handle(
  parts: ServerParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const requestId = randomBytes(8).toString('hex').toUpperCase()
  outgoing.setHeader('x-amz-request-id', requestId)
  // A client that leaves while it is answered is found out by the code that writes.
  outgoing.on('error', () => {})
  try {
    await perform(parts, incoming, outgoing)
  } catch (error) {
    await fail(parts.log, { incoming, outgoing, error, requestId })
  }
}

async function perform(
  parts: ServerParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  if (incoming.method === 'OPTIONS') return answer(incoming, outgoing, parts.cors.preflight(incoming))
  // Before anything can go wrong: without these headers a page would not see which error it was.
  for (const [name, value] of Object.entries(parts.cors.headers(incoming))) outgoing.setHeader(name, value)
  const grant = authorize(parseRequest(incoming), parts.gate)
  const { request } = grant
  const route = findRoute(request)
  const payload = openPayload(incoming, grant, () => {
    if (incoming.headers.expect !== undefined) outgoing.writeContinue()
  })
  const text = route.storesBody ? '' : await payload.text()
  await answer(incoming, outgoing, await parts.operations[route.operation]({ request, payload, text }))
}

/** All other headers spoke about a content that is not sent. */
const STAYS_WITH_ERRORS = /^(x-amz-request-id|access-control-.*|vary)$/

type Failed = { incoming: IncomingMessage; outgoing: ServerResponse; error: unknown; requestId: string }

async function fail(log: Log, { incoming, outgoing, error, requestId }: Failed): Promise<void> {
  const clientLeft = incoming.socket.destroyed || outgoing.destroyed
  if (!(error instanceof S3Error) && !clientLeft) log.error({ requestId, err: error }, 's3 request failed')
  // Half an answer cannot be turned into an error; a cut connection at least cannot be taken for a whole one.
  if (clientLeft || outgoing.headersSent) {
    outgoing.destroy()
    return
  }
  const known = error instanceof S3Error ? error : new S3Error('InternalError')
  log.debug({ requestId, code: known.code, method: incoming.method }, 's3 request refused')
  for (const name of outgoing.getHeaderNames()) if (!STAYS_WITH_ERRORS.test(name)) outgoing.removeHeader(name)
  await answerError(incoming, outgoing, known, requestId)
}
