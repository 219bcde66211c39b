import { once } from 'node:events'
import { Agent, createServer, request as openRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { unitsOf, type StateUsage } from '../support/usage.ts'

/** Stands before a DynamoDB and adds up what the calls consume. */
export async function startUnitMeter(target: string) {
  const usage: StateUsage = { writeUnits: 0, readUnits: 0 }
  const agent = new Agent({ keepAlive: true })
  const forward = async (request: IncomingMessage): Promise<Answer> => {
    const { method, headers } = request
    const onward = openRequest(target, { agent, method, headers })
    const answered = once(onward, 'response') as Promise<[IncomingMessage]>
    await pipeline(request, onward)
    const [incoming] = await answered
    return { incoming, body: await text(incoming) }
  }
  const server = createServer((request, response) => {
    forward(request).then(
      ({ incoming, body }) => {
        const operation = String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '')
        const { writeUnits = 0, readUnits = 0 } = unitsOf(operation, body)
        usage.writeUnits += writeUnits
        usage.readUnits += readUnits
        response.writeHead(incoming.statusCode ?? 502, incoming.headers).end(body)
      },
      () => response.destroy(), // whoever asked, or the store, has hung up
    )
  })
  server.keepAliveTimeout = 120_000 // longer than any client keeps a connection
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    usage,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      agent.destroy()
    },
  }
}

type Answer = { incoming: IncomingMessage; body: string }
