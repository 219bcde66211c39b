import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Instruments } from './instruments.ts'

/** Bytes over the connections of a server, as its sockets count them: nothing is paid for until somebody reads. */
export function trafficMetrics({ counter }: Instruments) {
  const open = new Set<Socket>()
  const closed = { bytesRead: 0, bytesWritten: 0 }
  const total = (side: keyof typeof closed) =>
    [...open].reduce((sum, socket) => sum + socket[side], closed[side])
  counter({ name: 'tapedeck_http_received_bytes_total', help: 'Bytes that clients sent' }, (received) => {
    received.reset()
    received.inc(total('bytesRead'))
  })
  counter({ name: 'tapedeck_http_sent_bytes_total', help: 'Bytes that were sent to clients' }, (sent) => {
    sent.reset()
    sent.inc(total('bytesWritten'))
  })
  return {
    /** Counts what goes over this server from now on. */
    observeTraffic: (server: Pick<Server, 'on'>): void => {
      server.on('connection', (socket: Socket) => {
        open.add(socket)
        socket.once('close', () => {
          open.delete(socket)
          closed.bytesRead += socket.bytesRead
          closed.bytesWritten += socket.bytesWritten
        })
      })
    },
  }
}
