/**
 * The embedded S3 as a process of its own, to be killed, measured, or tested by hand:
 * `node test/support/s3-process.ts <folder> [port]`, with AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
 * Tells its address to its parent, or else to the terminal; answers `usage` with what was asked of it, and any other
 * message with its peak of memory in bytes.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { startS3Server } from '../../src/embedded/s3/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { classOf, type ObjectUsage } from './usage.ts'

const usage: ObjectUsage = { s3Writes: 0, s3Reads: 0, bytesIn: 0, bytesOut: 0 }
const counted = new WeakMap<Socket, { read: number; written: number }>()
subscribe('http.server.response.finish', (message) => {
  const { request, socket } = message as { request: IncomingMessage; socket: Socket }
  const billed = classOf(request.method ?? '', request.url ?? '')
  if (billed) usage[billed] += 1
  const before = counted.get(socket) ?? { read: 0, written: 0 }
  usage.bytesIn += socket.bytesRead - before.read
  usage.bytesOut += socket.bytesWritten - before.written
  counted.set(socket, { read: socket.bytesRead, written: socket.bytesWritten })
})

const [directory = 'data/s3', port = '0'] = process.argv.slice(2)
const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env
const { url } = await startS3Server({
  ...{ directory, port: Number(port), region: process.env['AWS_REGION'] ?? 'us-east-1' },
  ...{ credentials: { accessKeyId, secretAccessKey }, clock: systemClock, log: silentLog },
})
if (process.send) process.send(url)
else console.log(url)
process.on('message', (what) =>
  process.send?.(what === 'usage' ? JSON.stringify(usage) : process.resourceUsage().maxRSS * 1024),
)
// Not even a test that is killed leaves a server behind.
process.on('disconnect', () => process.exit())
