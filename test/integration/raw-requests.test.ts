import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Problem } from '../../src/contract/index.ts'
import { SECOND_MS } from '../../src/kernel/units.ts'
import { createApi, json } from '../support/api.ts'
import {
  getting,
  heardUntilEnd,
  openLine,
  parseAnswer,
  sendRaw,
  type RawAnswer,
} from '../support/raw-http.ts'
import { startService, type TurnedService } from '../support/service.ts'

let running: TurnedService
beforeAll(async () => {
  running = await startService()
})
afterAll(() => running[Symbol.asyncDispose]())

/** The problem of an answer; fails when it is none, or not what its status line says. */
function problemOf({ status, head, body }: RawAnswer): Problem {
  expect(head, body).toMatch(/^content-type: application\/problem\+json/im)
  expect(head).toMatch(/^x-content-type-options: nosniff\r?$/im)
  expect(head).toMatch(/^content-security-policy: default-src 'self'/im)
  const problem = JSON.parse(body) as Problem
  expect(problem.status).toBe(status)
  return problem
}

const send = (request: string) => sendRaw(running.url, request)

/** Ways up and out of a folder, as servers have been got out of theirs. */
const WAYS_OUT = [
  '../../../../package.json',
  '..%2f..%2f..%2f..%2fpackage.json',
  '%2e%2e/%2e%2e/%2e%2e/%2e%2e/package.json',
  '%252e%252e%252f%252e%252e%252fpackage.json',
  '..\\..\\..\\package.json',
  '..%5c..%5c..%5cpackage.json',
  '....//....//package.json',
  '%c0%ae%c0%ae/%c0%ae%c0%ae/package.json',
  'index.html%00.css',
  '/etc/passwd',
  'file:///etc/passwd',
]

test.each(['/', '/assets/', '/api/docs/static/', '/api/docs/static/theme/'])(
  'no way leads from %s to another file',
  async (folder) => {
    for (const way of WAYS_OUT) {
      const answer = await send(getting(`${folder}${way}`))
      expect([way, answer.status]).toEqual([way, expect.toBeOneOf([400, 403, 404])])
      expect(problemOf(answer).detail).not.toContain(process.cwd())
      expect(answer.body).not.toMatch(/"workspaces"|root:x:/)
    }
  },
)

test('what stands in place of an id, a part or a name is never more than that', async () => {
  type Paths = { paths: Record<string, Record<string, unknown>> }
  const { paths } = await json<Paths>(await createApi(running.url).call('openapi.json'))
  const readable = Object.entries(paths).filter(([path, methods]) => path.includes('{') && 'get' in methods)
  expect(readable.length).toBeGreaterThan(10)
  for (const [path] of readable)
    for (const way of WAYS_OUT) {
      const answer = await send(getting(path.replace(/\{\w+\}/g, way)))
      expect([path, way, answer.status]).toEqual([path, way, expect.toBeOneOf([400, 404, 409, 422])])
      problemOf(answer)
    }
})

test('headers, an address or a body that are too large are refused by what they are', async () => {
  const long = 'a'.repeat(20_000)
  const wide = await send(getting('/api/formats', [`X-Wide: ${long}`]))
  expect(problemOf(wide)).toMatchObject({ status: 431, code: 'headers-too-large' })
  const many = await send(
    getting(
      '/api/formats',
      Array.from({ length: 1500 }, (_, at) => `X-${at}: some text`),
    ),
  )
  expect(problemOf(many).code).toBe('headers-too-large')
  expect(problemOf(await send(getting(`/api/progress?jobId=${long}`))).code).toBe('headers-too-large')
  const query = await send(getting(`/api/progress?jobId=${long.slice(0, 10_000)}`))
  expect(problemOf(query).code).toBe('invalid-request')
  const ids = Array.from({ length: 1000 }, (_, at) => `jobId=${at}`).join('&')
  expect(problemOf(await send(getting(`/api/results.zip?${ids}`))).code).toBe('invalid-request')
})

const posting = (body: string, headers: readonly string[] = []) =>
  [
    ...['POST /api/uploads HTTP/1.1', 'Host: localhost', 'Connection: close'],
    ...['Content-Type: application/json', `Content-Length: ${body.length}`, ...headers, '', body],
  ].join('\r\n')

test.each([
  ['nested without end', '['.repeat(500_000)],
  ['nested and closed', `${'['.repeat(400_000)}${']'.repeat(400_000)}`],
  ['with a prototype', '{"__proto__":{"size":9},"name":"a.wav"}'],
  ['with another constructor', '{"constructor":{"prototype":{"size":9}},"name":"a.wav"}'],
  ['that is a number', '9'.repeat(300_000)],
])('a JSON body %s is refused, and the next request answered', async (_, body) => {
  expect(problemOf(await send(posting(body)))).toMatchObject({ status: 400, code: 'invalid-request' })
  expect((await createApi(running.url).call('formats')).status).toBe(200)
})

test.each([
  ['no HTTP', 'HELO localhost\r\n\r\n'],
  ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['two lengths', posting('{}', ['Content-Length: 5'])],
  ['two hosts', getting('/api/formats', ['host: other.example'])],
  ['a length and chunks', posting('{}', ['Transfer-Encoding: chunked'])],
  ['a bare line feed in a header', getting('/api/formats', ['X-A: b\nX-C: d\x00'])],
  ['a control character in a header', getting('/api/formats', ['X-Request-Id: 12345678\x1b[31m'])],
])('%s is answered with a problem, and the connection ends', async (_, bytes) => {
  expect(problemOf(await send(bytes))).toMatchObject({ status: 400, code: 'invalid-request' })
})

/** Connections that begin so and then say no more, beside one that is served. */
async function stalling(begun: string, limit: 'headersTimeout' | 'requestTimeout'): Promise<string[]> {
  await using slow = await startService()
  const { server } = slow.service.app
  const before = { headersTimeout: server.headersTimeout, requestTimeout: server.requestTimeout }
  expect(before.headersTimeout).toBeGreaterThan(0)
  expect(before.requestTimeout).toBeGreaterThan(0)
  const sockets: Socket[] = await Promise.all(Array.from({ length: 100 }, () => openLine(slow.url)))
  const ends = sockets.map(heardUntilEnd)
  if (begun !== '') for (const socket of sockets) socket.write(begun)
  expect((await createApi(slow.url).call('formats')).status).toBe(200)
  server[limit] = 1 // the rest of its time is over
  const heard = await Promise.all(ends)
  expect((await createApi(slow.url).call('health/live')).status).toBe(200)
  return heard
}

test('a JSON body that takes longer than 30 s is answered with 408', async () => {
  await using slow = await startService()
  const socket = await openLine(slow.url)
  const heard = heardUntilEnd(socket)
  socket.write(posting('{"name":"a.wav","size":9}').slice(0, -1))
  let text: string | undefined
  void heard.then((all) => (text = all))
  await expect
    .poll(() => {
      slow.turn(31 * SECOND_MS)
      slow.wake()
      return text
    })
    .toBeDefined()
  expect(problemOf(parseAnswer(text ?? ''))).toMatchObject({ status: 408, code: 'request-timeout' })
})

test.concurrent.each([
  ['headers that do not end', 'GET /api/formats HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', 'headersTimeout'],
  ['nothing at all', '', 'headersTimeout'],
  [
    'a body that does not end',
    'POST /api/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    'requestTimeout',
  ],
] as const)('connections with %s are ended in time, and nobody waits for them', async (_, begun, limit) => {
  for (const text of await stalling(begun, limit))
    expect(problemOf(parseAnswer(text))).toMatchObject({ status: 408, code: 'request-timeout' })
})
