import { connect } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { newKey } from '../../src/access/index.ts'
import type { JobView } from '../../src/contract/index.ts'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { wavOf } from '../support/audio.ts'
import { startService } from '../support/service.ts'

const ask = (api: Api, uploadId: string, key?: string) =>
  api.post('jobs', { uploadId, format: 'wav' }, key === undefined ? {} : { 'idempotency-key': key })

test('a full queue refuses one job more, and still knows a request that is repeated', async () => {
  // Without a worker everything waits.
  await using running = await startService({ ROLE: 'api', MAX_QUEUED_JOBS: '2' })
  const api = createApi(running.url)
  const uploadId = await api.upload('song.wav', await wavOf(1))
  const first = await json<JobView>(await ask(api, uploadId, 'first-request-of-all'), 202)
  await json<JobView>(await ask(api, uploadId), 202)
  const refused = await ask(api, uploadId)
  expect(refused.headers.get('retry-after')).toBe('30')
  expect(await problem(refused)).toMatchObject({ code: 'queue-full', httpStatus: 429 })
  expect((await json<JobView>(await ask(api, uploadId, 'first-request-of-all'), 202)).id).toBe(first.id)
  await json(await api.post(`jobs/${first.id}/cancel`), 202)
})

test('one owner cannot fill the queue for the others', async () => {
  const [anna, ben] = [newKey('anna'), newKey('ben')]
  const env = { ROLE: 'api', API_KEYS: `${anna.entry},${ben.entry}`, MAX_QUEUED_JOBS_PER_KEY: '1' }
  await using running = await startService(env)
  const [asAnna, asBen] = [anna, ben].map(({ key }) =>
    createApi(running.url, { authorization: `Bearer ${key}` }),
  ) as [Api, Api]
  const wav = await wavOf(1)
  const uploadId = await asAnna.upload('song.wav', wav)
  const waiting = await json<JobView>(await ask(asAnna, uploadId), 202)
  expect(await problem(await ask(asAnna, uploadId))).toMatchObject({ code: 'queue-full', httpStatus: 429 })
  await json(await ask(asBen, await asBen.upload('song.wav', wav)), 202)
  await json(await asAnna.post(`jobs/${waiting.id}/cancel`), 202)
  running.turn(5000) // the queue is not looked at for every request
  await json(await asAnna.post(`jobs/${waiting.id}/retry`), 202)
  expect(await problem(await asAnna.post('jobs', { uploadId, format: 'mp3' }))).toMatchObject({
    code: 'queue-full',
  })
})

test('requests beyond the rate are told when to come again; health is always answered, and so are others', async () => {
  const [anna, ben] = [newKey('anna'), newKey('ben')]
  const env = { API_KEYS: `${anna.entry},${ben.entry}`, RATE_LIMIT_PER_MINUTE: '5' }
  await using running = await startService(env)
  const api = createApi(running.url, { authorization: `Bearer ${anna.key}` })
  for (let sent = 0; sent < 5; sent++) expect((await api.call('formats')).status).toBe(200)
  const refused = await api.call('formats')
  const seconds = Number(refused.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(60)
  expect(await problem(refused)).toMatchObject({ code: 'too-many-requests', httpStatus: 429 })
  expect((await api.call('health/live')).status).toBe(200)
  const other = createApi(running.url, { authorization: `Bearer ${ben.key}` })
  expect((await other.call('formats')).status).toBe(200)
})

test('without keys the rate is that of an address, which a client cannot make up', async () => {
  await using running = await startService({ RATE_LIMIT_PER_MINUTE: '3' })
  const from = (address: string) => createApi(running.url, { 'x-forwarded-for': address }).call('formats')
  for (const last of [1, 2, 3]) expect((await from(`192.0.2.${last}`)).status).toBe(200)
  expect((await from('192.0.2.4')).status).toBe(429)
})

test('behind a trusted proxy each client has its own rate', async () => {
  const env = { RATE_LIMIT_PER_MINUTE: '1', TRUSTED_PROXIES: '127.0.0.1' }
  await using running = await startService(env)
  const from = (address: string) => createApi(running.url, { 'x-forwarded-for': address }).call('formats')
  for (const last of [1, 2, 3]) expect((await from(`192.0.2.${last}`)).status).toBe(200)
  expect((await from('192.0.2.1')).status).toBe(429)
})

test('who sends wrong keys and links is counted by address, of IPv6 by network, and then told to wait', async () => {
  const { key, entry } = newKey('anna')
  await using running = await startService({ API_KEYS: entry, TRUSTED_PROXIES: '127.0.0.1' })
  const from = (ip: string, authorization?: string) =>
    createApi(running.url, { 'x-forwarded-for': ip, ...(authorization && { authorization }) })
  const wrong = (ip: string) => from(ip, 'Bearer td_wrong').call('formats')
  for (let sent = 0; sent < 15; sent++) {
    expect((await wrong(`2001:db8:1:2::${sent}`)).status).toBe(401)
    expect((await from(`2001:db8:1:2:9::${sent}`).call('formats?access=wrong')).status).toBe(401)
  }
  expect(await problem(await wrong('2001:db8:1:2:ffff::'))).toMatchObject({
    httpStatus: 429,
    code: 'too-many-requests',
  })
  expect((await wrong('2001:db8:1:3::')).status).toBe(401)
  expect((await wrong('::ffff:192.0.2.1')).status).toBe(401)
  expect((await from('2001:db8:1:2::1').call('formats')).status).toBe(401) // without a key there is none to guess
  expect((await from('2001:db8:1:2::1', `Bearer ${key}`).call('formats')).status).toBe(200)
})

test('pages of other origins may not call the API unless they are named', async () => {
  const origin = 'https://app.example'
  const preflight = (url: string, from: string) =>
    fetch(`${url}/api/jobs`, {
      method: 'OPTIONS',
      headers: {
        origin: from,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
  const allowed = (answer: Response) => answer.headers.get('access-control-allow-origin')
  await using closed = await startService()
  expect(allowed(await preflight(closed.url, origin))).toBeNull()
  const key = newKey('anna')
  await using named = await startService({ CORS_ORIGINS: origin, API_KEYS: key.entry })
  const answer = await preflight(named.url, origin)
  expect([answer.status, allowed(answer)]).toEqual([204, origin])
  expect(answer.headers.get('access-control-allow-headers')).toContain('authorization')
  expect(allowed(await preflight(named.url, 'https://other.example'))).toBeNull()
  const headers = { origin, authorization: `Bearer ${key.key}` }
  const read = await fetch(`${named.url}/api/formats`, { headers })
  expect([read.status, allowed(read)]).toEqual([200, origin])
  expect(read.headers.get('access-control-expose-headers')).toContain('Retry-After')
  expect(read.headers.get('access-control-allow-credentials')).toBeNull()
  expect(read.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
})

test('connections that send their headers for ever hold nobody up', async () => {
  await using running = await startService()
  expect(running.service.app.server.headersTimeout).toBeLessThanOrEqual(60_000)
  const { port } = new URL(running.url)
  const slow = Array.from({ length: 300 }, () => connect(Number(port), '127.0.0.1'))
  try {
    await Promise.all(slow.map((socket) => once(socket, 'connect')))
    for (const socket of slow) socket.write('GET /api/formats HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
    expect((await createApi(running.url).call('formats')).status).toBe(200)
  } finally {
    for (const socket of slow) socket.destroy()
  }
})
