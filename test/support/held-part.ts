import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

export type Answered = { status: number; retryAfter: string | undefined; body: { code?: string } }

/** A part whose first half has been sent, and that waits with the rest. */
export type HeldPart = {
  /** What the server says, whenever it does; fails when the line is cut. */
  answered: Promise<Answered>
  /** Resolves when the server has the request, if its headers ask for that by `expect: 100-continue`. */
  accepted: Promise<unknown>
  /** Sends the rest. */
  finish(): Promise<Answered>
  /** Hangs up. */
  abandon(): void
}

type What = { url: string; bytes: Uint8Array; from?: string; headers?: Record<string, string> }

/** Begins to send a part on a connection of its own, as a client of the address `from`. */
export function holdPart({ url, bytes, from = '127.0.0.1', headers = {} }: What): HeldPart {
  const outgoing = request(url, {
    method: 'PUT',
    agent: new Agent(),
    localAddress: from,
    headers: { 'content-length': bytes.length, ...headers },
  })
  const answered = new Promise<Answered>((resolve, reject) => {
    outgoing.on('error', reject).on('response', (response) => {
      const answer = async () => ({
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
        body: JSON.parse(await text(response)) as Answered['body'],
      })
      answer().then(resolve, reject)
    })
  })
  answered.catch(() => undefined) // whoever hangs up does not ask
  const accepted = new Promise((resolve) => outgoing.on('continue', () => resolve(undefined)))
  const half = Math.floor(bytes.length / 2)
  outgoing.write(bytes.subarray(0, half))
  return {
    answered,
    accepted,
    finish() {
      outgoing.end(bytes.subarray(half))
      return answered
    },
    abandon: () => outgoing.destroy(),
  }
}
