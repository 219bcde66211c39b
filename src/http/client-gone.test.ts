import fastify from 'fastify'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { watchClients } from './client-gone.ts'

/** An app with one route, which answers when it is let to; and the signals of its requests, as they come. */
async function open() {
  const app = fastify()
  watchClients(app)
  const come = Promise.withResolvers<AbortSignal>()
  const answer = Promise.withResolvers<string>()
  app.put('/', ({ gone }) => {
    come.resolve(gone)
    return answer.promise
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const [signal, end] = [come.promise, () => answer.resolve('done')]
  return { url, signal, end, [Symbol.asyncDispose]: () => app.close() }
}

const put = (signal: AbortSignal | null) => ({
  method: 'PUT',
  body: '{"of": "some length"}',
  headers: { 'content-type': 'application/json', connection: 'close' },
  signal,
})

test('the signal of a request aborts when its client leaves before the answer', async () => {
  await using app = await open()
  const leaving = new AbortController()
  const answer = expect(fetch(app.url, put(leaving.signal))).rejects.toThrow('aborted')
  const gone = await app.signal
  const aborted = once(gone, 'abort')
  leaving.abort()
  await Promise.all([answer, aborted])
  expect(gone.reason).toMatchObject({ code: 'invalid-request' })
  app.end()
})

test('reading its whole body and answering it do not abort the signal of a request', async () => {
  await using app = await open()
  const answer = fetch(app.url, put(null))
  const gone = await app.signal
  await setImmediate()
  expect(gone.aborted).toBe(false)
  app.end()
  expect(await (await answer).text()).toBe('done')
  expect(gone.aborted).toBe(false)
})
