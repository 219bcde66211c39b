import { connect, type Socket } from 'node:net'

/** An answer as it came over the line. */
export type RawAnswer = { status: number; head: string; body: string }

/** A connection to a server, on which nothing is said yet. */
export async function openLine(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return socket
}

/** All that comes until the server ends the connection; one that is reset afterwards has ended, too. */
export function heardUntilEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  return new Promise((resolve) => {
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => undefined)
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })
}

/** Sends these very bytes, which no HTTP client would, and gives the answer. The request should ask for the connection's end. */
export async function sendRaw(url: string, request: string): Promise<RawAnswer> {
  const socket = await openLine(url)
  const heard = heardUntilEnd(socket)
  socket.write(request, 'latin1')
  return parseAnswer(await heard)
}

export function parseAnswer(text: string): RawAnswer {
  const at = text.indexOf('\r\n\r\n')
  const head = text.slice(0, at)
  const [, status = '0'] = /^HTTP\/1\.1 (\d+)/.exec(head) ?? []
  return { status: Number(status), head, body: text.slice(at + 4) }
}

/** A GET of a path that is sent as it stands here. */
export const getting = (path: string, headers: readonly string[] = []) =>
  [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n')
