import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { MiB } from '../../kernel/units.ts'
import type { Reply } from './call.ts'
import type { S3Error } from './errors.ts'
import { xml, xmlDocument } from './xml.ts'

/** Sends a reply. Throws when the client leaves, or a file cannot be read, in the middle of the content. */
export async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  reply: Reply,
): Promise<void> {
  const { status = 200, headers = {}, body } = reply
  outgoing.statusCode = status
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value)
  if (body === undefined) return answerText(incoming, outgoing)
  if ('xml' in body) {
    outgoing.setHeader('content-type', 'application/xml')
    return answerText(incoming, outgoing, xmlDocument(body))
  }
  try {
    await pipeline(body.content, outgoing)
  } finally {
    body.release()
  }
}

/** Sends an error in the XML of S3. To HEAD the status has to be enough. */
export async function answerError(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  error: S3Error,
  requestId: string,
): Promise<void> {
  const resource = incoming.url?.split('?')[0]
  await answer(incoming, outgoing, {
    status: error.status,
    body: xml`<Error><Code>${error.code}</Code><Message>${error.message}</Message><Resource>${resource}</Resource><RequestId>${requestId}</RequestId></Error>`,
  })
}

/** How much of an unwanted body is read, so that its sender comes to see the answer. */
const MAX_DRAIN_BYTES = 64 * MiB

async function answerText(incoming: IncomingMessage, outgoing: ServerResponse, text = ''): Promise<void> {
  const content = outgoing.req.method === 'HEAD' ? '' : text
  if (mayHaveLength(outgoing)) outgoing.setHeader('content-length', Buffer.byteLength(content))
  if (!hasUnreadBody(incoming)) {
    outgoing.end(content)
    return
  }
  // Closing now, with bytes unread, would reset the connection, and the client might lose the answer over it. So the
  // whole answer goes out first, then we listen on until the client stops, and only then end it.
  outgoing.setHeader('connection', 'close')
  outgoing.flushHeaders()
  outgoing.write(content)
  await drain(incoming)
  outgoing.end()
}

/** 204 and 304 have none, and a HEAD may already have that of the object. */
const mayHaveLength = (outgoing: ServerResponse): boolean =>
  ![204, 304].includes(outgoing.statusCode) && !outgoing.hasHeader('content-length')

function hasUnreadBody(incoming: IncomingMessage): boolean {
  if (incoming.complete) return false
  const { 'content-length': length = '0', 'transfer-encoding': encoding, expect } = incoming.headers
  // Who waits for "100 Continue" and gets the answer instead sends no body: RFC 9110 section 10.1.1.
  return expect === undefined && (encoding !== undefined || length !== '0')
}

/** Ends when the body does, when the client has gone, or when it has sent too much. */
async function drain(incoming: IncomingMessage): Promise<void> {
  let drained = 0
  const pieces: AsyncIterable<unknown> = incoming.iterator({ destroyOnReturn: false })
  try {
    for await (const piece of pieces) {
      if (Buffer.isBuffer(piece)) drained += piece.length
      if (drained > MAX_DRAIN_BYTES) return
    }
  } catch {
    // The client closed the connection; it has what it wanted.
  }
}
