import type { ConnectionError } from 'fastify'
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Problem, ProblemCode } from '../contract/index.ts'
import { KINDS } from './problem.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

const TOLD: Record<string, { code: ProblemCode; detail: string }> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers-too-large',
    detail: 'Address and headers of this request are too large together.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request-timeout',
    detail: 'The request did not arrive in time. Please send it again.',
  },
}
const NO_HTTP = { code: 'invalid-request' as const, detail: 'This is no request that can be read.' }

/** Answers what never became a request of the app, as it answers all else, and ends the connection: what follows is no HTTP. */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (socket.writable) socket.write(answerTo(error.code))
  socket.destroy(error)
}

function answerTo(errorCode: string): string {
  const { code, detail } = TOLD[errorCode] ?? NO_HTTP
  const { status, title } = KINDS[code]
  const requestId = randomUUID()
  const type = `urn:tapedeck:problem:${code}`
  // The path, where there was one, was not read to its end.
  const problem: Problem = { type, title, status, detail, instance: '/', code, requestId }
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
    ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
    `x-request-id: ${requestId}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
