import { replyOf, type Reply } from './reply.ts'

export type PartRequest = {
  method: string
  url: string
  headers: Record<string, string>
  body: Uint8Array<ArrayBuffer>
  signal: AbortSignal
  /** Bytes of the body handed to the network so far. */
  onProgress: (bytes: number) => void
}

/** Sends the bytes of one part. Rejects when there was no answer, or with the signal's reason. */
export type Transport = (request: PartRequest) => Promise<Reply>

/** Parts through `fetch`, for where there is no `XMLHttpRequest`: progress moves a whole part at a time. */
export const fetchTransport: Transport = async ({ method, url, headers, body, signal, onProgress }) => {
  const response = await fetch(url, { method, headers, body, signal })
  onProgress(body.length)
  return replyOf(response)
}
