import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

type Value = { stringValue?: string; intValue?: string | number; doubleValue?: number; boolValue?: boolean }
type Attribute = { key: string; value: Value }

/** A span as it came over the wire (OpenTelemetry Protocol 1, JSON encoding), with the attributes of its resource. */
export type ReceivedSpan = {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  links?: { traceId: string }[]
  status: { code?: number }
  attributes: Record<string, unknown>
  resource: Record<string, unknown>
}
type Sent = Omit<ReceivedSpan, 'attributes' | 'resource'> & { attributes: Attribute[] }
type Body = {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: Sent[] }[] }[]
}

/** A collector of traces, on loopback, that keeps what it is sent. */
export async function startOtlpReceiver() {
  const spans: ReceivedSpan[] = []
  const requests: { url: string; type: string; body: Buffer }[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const type = request.headers['content-type'] ?? ''
      requests.push({ url: request.url ?? '', type, body })
      if (type === 'application/json') spans.push(...spansOf(JSON.parse(body.toString()) as Body))
      response.writeHead(200, { 'content-type': type }).end(type === 'application/json' ? '{}' : '')
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ...{ url: `http://127.0.0.1:${port}`, spans, requests },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const spansOf = ({ resourceSpans }: Body): ReceivedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        attributes: record(span.attributes),
        resource: record(resource.attributes),
      })),
    ),
  )

const record = (attributes: Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
