import { once } from 'node:events'
import { Agent, createServer, request as openRequest } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { Random } from './random.ts'

/**
 * What a store can do to a call. `throttle`, `error` and `deny`: the store's own words for "too fast", "my fault", "not you". `hang`:
 * taken, never answered. `reset`: cut off before the store hears of it. `apply-then-drop`: done by the store, and the
 * answer lost.
 */
export type FaultKind = 'throttle' | 'error' | 'deny' | 'hang' | 'reset' | 'apply-then-drop'

/** One call as filters see it; `operation` is DynamoDB's, empty for S3. */
export type StoreCall = { method: string; path: string; operation: string }

export type Fault = {
  kind: FaultKind
  /** Which calls; all of them by default. */
  only?: (call: StoreCall) => boolean
  /** Of these calls, which share; 1 by default. */
  share?: number
}

/** A store behind a line that can be made bad. The address stays the same, also over an outage. */
export type FaultProxy = AsyncDisposable & {
  url: string
  /** From now on these faults, and no others; of several that match a call the first one strikes. */
  set(...faults: Fault[]): void
  clear(): void
  /** How many calls were struck so far. */
  struck(): number
  /** Ends every connection and refuses new ones, until {@link FaultProxy.restore}. */
  refuse(): Promise<void>
  restore(): Promise<void>
  /** Ends every open connection; new ones are taken. */
  cut(): void
}

/** Longer than any client keeps a connection, so that only faults end one. */
const KEEP_ALIVE_MS = 120_000

/** Stands before a store and forwards bytes and headers as they are: the signature covers the `Host` that was called. */
export async function startFaultProxy(targetUrl: string, { seed = 1 } = {}): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true })
  const random = new Random(seed)
  let faults: Fault[] = []
  let struck = 0
  const server = createServer((request, response) => {
    const fault = faults.find((one) => strikes(one, callOf(request), random))
    if (fault) struck += 1
    // A connection that ends is what this is about: both ends learn it from their sockets.
    answer(fault?.kind, { request, response, target: new URL(targetUrl), agent }).catch(() =>
      response.socket?.destroy(),
    )
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.requestTimeout = 0
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)))
  })
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const port = await listen(server, 0)
  const refuse = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    cut()
    await closed
  }
  return {
    url: `http://127.0.0.1:${port}`,
    set: (...wanted) => (faults = wanted),
    clear: () => (faults = []),
    struck: () => struck,
    cut,
    refuse,
    async restore() {
      if (!server.listening) await listen(server, port)
    },
    async [Symbol.asyncDispose]() {
      await refuse()
      agent.destroy()
    },
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address ? address.port : port
}

const callOf = ({ method = '', url = '', headers }: IncomingMessage): StoreCall => ({
  method,
  path: url,
  operation: String(headers['x-amz-target'] ?? '').replace(/^.*\./, ''),
})

const strikes = ({ only = () => true, share = 1 }: Fault, call: StoreCall, random: Random) =>
  only(call) && (share >= 1 || random.chance(share))

type Exchange = { request: IncomingMessage; response: ServerResponse; target: URL; agent: Agent }

async function answer(kind: FaultKind | undefined, exchange: Exchange): Promise<void> {
  const { request, response } = exchange
  switch (kind) {
    case undefined:
      return forward(exchange)
    case 'apply-then-drop':
      return forwardAndDrop(exchange)
    case 'reset':
      request.socket.resetAndDestroy()
      return
    case 'hang':
      request.resume()
      return
    case 'throttle':
    case 'error':
    case 'deny':
      request.resume()
      await once(request, 'end')
      refuseInItsWords(response, kind, request.headers['x-amz-target'] !== undefined)
  }
}

/** Sends the request on and gives the store's answer, whose body is still to come. */
async function ask({ request, response, target, agent }: Exchange): Promise<IncomingMessage> {
  const { hostname, port } = target
  const { method, url: path, rawHeaders } = request
  // Raw, so that order, case and repetition stay.
  const onward = openRequest({ hostname, port, agent, method, path, headers: rawHeaders })
  response.once('close', () => {
    if (!response.writableFinished) onward.destroy()
  })
  const answered = once(onward, 'response') as Promise<[IncomingMessage]>
  const sent = pipeline(request, onward)
  sent.catch(() => undefined) // the store may answer, and close, before it has read all
  const [incoming] = await answered
  return incoming
}

async function forward(exchange: Exchange): Promise<void> {
  const { response } = exchange
  const incoming = await ask(exchange)
  response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, incoming.rawHeaders)
  response.flushHeaders()
  await pipeline(incoming, response)
}

async function forwardAndDrop(exchange: Exchange): Promise<void> {
  const incoming = await ask(exchange)
  await once(incoming.resume(), 'end')
  exchange.request.socket.resetAndDestroy()
}

/** What DynamoDB and S3 say when they throttle, break or refuse, in their own formats. */
const WORDS = {
  throttle: { json: ['ThrottlingException', 400], xml: ['SlowDown', 503] },
  error: { json: ['InternalServerError', 500], xml: ['InternalError', 500] },
  deny: { json: ['AccessDeniedException', 400], xml: ['AccessDenied', 403] },
} as const

function refuseInItsWords(response: ServerResponse, kind: keyof typeof WORDS, isDynamo: boolean): void {
  const [name, status] = WORDS[kind][isDynamo ? 'json' : 'xml']
  const json = JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'A fault.' })
  const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${name}</Code><Message>A fault.</Message></Error>`
  response
    .writeHead(status, { 'content-type': isDynamo ? 'application/x-amz-json-1.0' : 'application/xml' })
    .end(isDynamo ? json : xml)
}
