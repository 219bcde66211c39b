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
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay(true))
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket)
          near.destroy()
          far.destroy()
        })
    }
    carry(near, far, line)
    carry(far, near, line)
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
  let freeAt = 0
  let underWay = 0
  from.on('data', (piece: Buffer) => {
    const now = performance.now()
    freeAt = Math.max(freeAt, now) + (piece.length / bytesPerSecond) * 1000
    underWay += piece.length
    if (underWay > WINDOW_BYTES) from.pause()
    setTimeout(
      () => {
        underWay -= piece.length
        if (underWay <= WINDOW_BYTES) from.resume()
        if (!to.destroyed) to.write(piece)
      },
      freeAt + roundTripMs / 2 - now,
    )
  })
  from.on('end', () => setTimeout(() => to.end(), Math.max(0, freeAt - performance.now()) + roundTripMs / 2))
}
