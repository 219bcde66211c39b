import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A line as it is between a home and a data centre. */
export type Line = {
  /** Milliseconds from one end to the other and back. */
  roundTripMs: number
  /** Bytes a second that one connection carries, each way. */
  bytesPerSecond: number
}

/** At most so much is under way on a connection: then the sender has to wait. */
const WINDOW_BYTES = 2 * 1024 * 1024

/** Puts a line in front of a server: everything arrives late, and each connection is only so fast. */
export async function startSlowLine(targetUrl: string, line: Line) {
  const { hostname, port } = new URL(targetUrl)
  const sockets = new Set<Socket>()
  // Half open, since what one end said last is still on its way when that end is done.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket.setNoDelay(true))
      socket.on('error', () => other.destroy()).on('close', () => sockets.delete(socket))
      carry(socket, other, line)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Each piece waits for those before it to pass at the line's speed, and then takes half a round trip. */
function carry(from: Socket, to: Socket, { roundTripMs, bytesPerSecond }: Line): void {
  const underWay: { piece: Buffer; dueAt: number }[] = []
  let bytes = 0
  let freeAt = 0
  let ended = false
  let timer: NodeJS.Timeout | undefined
  const arrive = () => {
    timer = undefined
    for (let first = underWay[0]; first && first.dueAt <= performance.now(); first = underWay[0]) {
      underWay.shift()
      bytes -= first.piece.length
      if (!to.destroyed) to.write(first.piece)
    }
    if (bytes <= WINDOW_BYTES) from.resume()
    schedule()
  }
  const schedule = () => {
    const [first] = underWay
    if (first) timer ??= setTimeout(arrive, Math.max(0, first.dueAt - performance.now()))
    else if (ended) to.end()
  }
  from.on('data', (piece: Buffer) => {
    freeAt = Math.max(freeAt, performance.now()) + (piece.length / bytesPerSecond) * 1000
    underWay.push({ piece, dueAt: freeAt + roundTripMs / 2 })
    bytes += piece.length
    if (bytes > WINDOW_BYTES) from.pause()
    schedule()
  })
  from.on('end', () => {
    ended = true
    schedule()
  })
}
