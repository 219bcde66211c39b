import type { Transport } from './transport.ts'

/** As much of the browser's `XMLHttpRequest` as is used here. */
export type Xhr = {
  readonly status: number
  readonly responseText: string
  readonly upload: { addEventListener(type: 'progress', listener: (event: { loaded: number }) => void): void }
  open(method: string, url: string): void
  setRequestHeader(name: string, value: string): void
  getResponseHeader(name: string): string | null
  addEventListener(type: 'load' | 'error' | 'abort', listener: () => void): void
  send(body: Uint8Array<ArrayBuffer>): void
  abort(): void
}

/** Parts through `XMLHttpRequest`, the only way a browser tells how much of a body has left. */
export function xhrTransport(createRequest: () => Xhr): Transport {
  return ({ method, url, headers, body, signal, onProgress }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const request = createRequest()
      const abort = () => request.abort()
      const on = (type: 'load' | 'error' | 'abort', settle: () => void) =>
        request.addEventListener(type, () => {
          signal.removeEventListener('abort', abort)
          settle()
        })
      on('load', () => {
        const { status, responseText: body } = request
        const slowDown = status === 429 || status === 503
        resolve({ status, retryAfter: slowDown ? request.getResponseHeader('Retry-After') : null, body })
      })
      on('error', () => reject(new TypeError('The connection broke')))
      on('abort', () => reject(signal.reason as Error))
      request.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded))
      request.open(method, url)
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
      signal.addEventListener('abort', abort)
      request.send(body)
    })
}
