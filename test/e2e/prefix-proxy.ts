import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy that has the whole of a server below one path, as one of many on its host. */
export async function startPrefixProxy(target: string, prefix: string) {
  const { hostname, port } = new URL(target)
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url = '' } = incoming
    if (!url.startsWith(prefix)) {
      outgoing.writeHead(404).end('Some other server lives here')
      return
    }
    const path = `/${url.slice(prefix.length)}`
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: own } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${own}${prefix}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
