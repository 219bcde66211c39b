import { expect, test } from 'vitest'
import { xhrTransport, type PartRequest } from '../../../src/client/index.ts'
import type { Xhr } from '../../../src/client/xhr-transport.ts'

/** A request that does what the test says; the real one is met in the browser tests. */
class FakeXhr implements Xhr {
  status = 0
  responseText = ''
  sent: Uint8Array | undefined
  readonly headers: Record<string, string> = {}
  readonly listeners = new Map<string, () => void>()
  progress: (event: { loaded: number }) => void = () => {}
  readonly upload = {
    addEventListener: (_type: 'progress', listener: (event: { loaded: number }) => void) => {
      this.progress = listener
    },
  }
  opened = ''
  open(method: string, url: string) {
    this.opened = `${method} ${url}`
  }
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value
  }
  getResponseHeader(name: string) {
    return name === 'Retry-After' ? '5' : null
  }
  addEventListener(type: string, listener: () => void) {
    this.listeners.set(type, listener)
  }
  send(body: Uint8Array) {
    this.sent = body
  }
  abort() {
    this.listeners.get('abort')?.()
  }
  fire(type: string) {
    this.listeners.get(type)?.()
  }
}

function setUp() {
  const xhr = new FakeXhr()
  const cancel = new AbortController()
  const progress: number[] = []
  const request: PartRequest = {
    method: 'PUT',
    url: 'http://host/parts/1',
    headers: { 'X-Part-Crc32': '00000000' },
    body: new Uint8Array([1, 2, 3]),
    signal: cancel.signal,
    onProgress: (bytes) => progress.push(bytes),
  }
  return { xhr, cancel, progress, answer: xhrTransport(() => xhr)(request) }
}

test('bytes and headers go out, progress and the answer come in', async () => {
  const { xhr, progress, answer } = setUp()
  expect(xhr).toMatchObject({ opened: 'PUT http://host/parts/1', headers: { 'X-Part-Crc32': '00000000' } })
  expect(xhr.sent).toEqual(new Uint8Array([1, 2, 3]))
  xhr.progress({ loaded: 2 })
  Object.assign(xhr, { status: 200, responseText: '{}' }).fire('load')
  await expect(answer).resolves.toEqual({ status: 200, retryAfter: null, body: '{}' })
  expect(progress).toEqual([2])
})

test('Retry-After is read only where it means something, since other origins may hide it', async () => {
  const { xhr, answer } = setUp()
  Object.assign(xhr, { status: 503 }).fire('load')
  await expect(answer).resolves.toMatchObject({ status: 503, retryAfter: '5' })
})

test('a broken connection is told as one', async () => {
  const { xhr, answer } = setUp()
  xhr.fire('error')
  await expect(answer).rejects.toBeInstanceOf(TypeError)
})

test('an abort ends the request with the reason that was given', async () => {
  const { cancel, answer } = setUp()
  cancel.abort(new Error('enough'))
  await expect(answer).rejects.toThrow('enough')
})
