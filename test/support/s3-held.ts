import { once } from 'node:events'
import { Agent, type ClientRequest, request as httpRequest } from 'node:http'
import type { S3Target } from './s3.ts'
import { signRequest } from './s3-signing.ts'

/** A put the server has begun to take in and that waits for the rest of its body. */
export type HeldPut = {
  /** Sends the rest; resolves with the status. */
  finish(): Promise<number | undefined>
  /** Hangs up. */
  abandon(): void
  /** Resolves when the server hangs up. */
  cut: Promise<void>
}

/** Sends half of a body, after the server has asked for it with "100 Continue". */
export async function holdPut(
  { endpoint, signer, bucket }: Pick<S3Target, 'endpoint' | 'signer' | 'bucket'>,
  { key, body }: { key: string; body: Buffer },
): Promise<HeldPut> {
  const path = `/${bucket}/${key}`
  const headers = { expect: '100-continue', 'content-length': `${body.length}` }
  const request = { method: 'PUT', path, headers, contentHash: 'UNSIGNED-PAYLOAD' }
  const signed = signRequest(endpoint, signer, request)
  const { hostname, port } = new URL(endpoint)
  // Keeps its connection for as long as the server does; Node's own agent lets go after five seconds.
  const agent = new Agent({ keepAlive: true })
  const outgoing = httpRequest({ hostname, port, method: 'PUT', path, headers: signed.headers, agent })
  const cut = new Promise<void>((resolve) => outgoing.on('error', () => resolve()))
  await once(outgoing, 'continue')
  const half = Math.floor(body.length / 2)
  await write(outgoing, body.subarray(0, half))
  return {
    async finish() {
      const answered = once(outgoing, 'response') as Promise<[{ statusCode?: number; resume(): void }]>
      outgoing.end(body.subarray(half))
      const [response] = await answered
      response.resume()
      return response.statusCode
    },
    abandon: () => void outgoing.destroy(),
    cut,
  }
}

const write = (outgoing: ClientRequest, data: Buffer): Promise<void> =>
  new Promise((resolve, reject) => outgoing.write(data, (error) => (error ? reject(error) : resolve())))
