import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi, json, type Api } from '../support/api.ts'
import { startService, type TurnedService } from '../support/service.ts'

let running: TurnedService
let api: Api

beforeAll(async () => {
  running = await startService()
  api = createApi(running.url)
})
afterAll(() => running[Symbol.asyncDispose]())

type OpenApi = {
  openapi: string
  paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>
  components: { schemas: Record<string, unknown> }
}

test('the OpenAPI document describes every route of the contract, with problems as their own type', async () => {
  const document = await json<OpenApi>(await api.call('openapi.json'))
  expect(document.openapi).toMatch(/^3\.1/)
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(new Set(routes)).toEqual(
    new Set([
      'DELETE /api/jobs/{jobId}',
      'DELETE /api/uploads/{uploadId}',
      'DELETE /api/uploads/{uploadId}/artwork',
      'PUT /api/uploads/{uploadId}/artwork',
      'GET /api/formats',
      'GET /api/health/live',
      'GET /api/health/ready',
      'GET /api/jobs/{jobId}',
      'GET /api/jobs/{jobId}/log',
      'GET /api/jobs/{jobId}/result',
      'GET /api/progress',
      'GET /api/progress/stream',
      'GET /api/results.zip',
      'GET /api/jobs/{jobId}/waveform',
      'GET /api/uploads/{uploadId}/artwork',
      ...['GET', 'HEAD'].flatMap((method) => [
        `${method} /api/uploads/{uploadId}/preview`,
        `${method} /api/jobs/{jobId}/preview`,
      ]),
      'GET /api/uploads/{uploadId}/source',
      'GET /api/uploads/{uploadId}/waveform',
      'GET /api/upload-progress',
      'GET /api/uploads/{uploadId}',
      'HEAD /api/jobs/{jobId}/result',
      'HEAD /api/results.zip',
      'HEAD /api/uploads/{uploadId}/source',
      'POST /api/cleanup',
      'POST /api/jobs',
      'POST /api/jobs/{jobId}/link',
      'POST /api/pass',
      'POST /api/jobs/{jobId}/cancel',
      'POST /api/jobs/{jobId}/retry',
      'POST /api/uploads',
      'POST /api/uploads/{uploadId}/complete',
      'POST /api/uploads/{uploadId}/targets',
      'PUT /api/uploads/{uploadId}/parts/{part}',
      ...['/api/uppy', '/api/uploads/{capability}'].flatMap((base) => [
        `DELETE ${base}/s3/multipart/{uploadId}`,
        `GET ${base}/s3/multipart/{uploadId}`,
        `GET ${base}/s3/multipart/{uploadId}/{part}`,
        `POST ${base}/s3/multipart`,
        `POST ${base}/s3/multipart/{uploadId}/complete`,
      ]),
    ]),
  )
  const refused = document.paths['/api/jobs']?.['post']?.responses['4XX']
  expect(Object.keys(refused?.content ?? {})).toEqual(['application/problem+json'])
})

test('every operation says in a few words what it does, and stands under a heading that is explained', async () => {
  type Described = { tags: { name: string }[]; paths: Record<string, Record<string, Operation>> }
  type Operation = { summary?: string; tags: string[] }
  const { tags, paths } = await json<Described>(await api.call('openapi.json'))
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  for (const one of operations) expect(one.summary, JSON.stringify(one)).toMatch(/^.{5,60}$/)
  expect(new Set(operations.flatMap((one) => one.tags))).toEqual(new Set(tags.map(({ name }) => name)))
})

test('calls are described as going to where the description came from', async () => {
  for (const path of ['openapi.json', 'docs/json']) {
    const at = `https://host.example/below/api/${path}`
    const { servers } = await json<{ servers: { url: string }[] }>(await api.call(path))
    expect(servers.map(({ url }) => new URL(url, at).href)).toEqual(['https://host.example/below/'])
  }
})

test('every reference in the OpenAPI document leads somewhere', async () => {
  const text = await (await api.call('openapi.json')).text()
  const { components } = JSON.parse(text) as OpenApi
  const references = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name)
  expect(references.length).toBeGreaterThan(10)
  expect(new Set(references)).toEqual(new Set(Object.keys(components.schemas)))
})

test('a sane request id is kept and answered, any other is replaced', async () => {
  const ask = async (id: string) =>
    (await api.call('health/live', { headers: { 'x-request-id': id } })).headers.get('x-request-id')
  expect(await ask('trace-0123456789')).toBe('trace-0123456789')
  expect(await ask('x')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  expect(await ask('a'.repeat(500))).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
})

test('health says which store does not answer, and costs no read for those who ask often', async () => {
  expect(await json(await api.call('health/live'))).toEqual({ status: 'ok' })
  expect(await json(await api.call('health/ready'))).toEqual({ status: 'ok', degraded: [] })
})

test('metrics count the units that DynamoDB says were consumed', async () => {
  await json(await api.post('uploads', { name: 'a.mp3', size: 10 }), 201)
  const metrics = await (await fetch(`${running.url}/metrics`)).text()
  expect(metrics).toMatch(
    /^tapedeck_dynamodb_units_total\{operation="PutItem",table="[\w-]+-uploads",pattern="upload-add"\} [1-9]/m,
  )
})

test('answers are cached as the contract says, and not sent again to who has them', async () => {
  const formats = await api.call('formats')
  const etag = formats.headers.get('etag') ?? ''
  expect(formats.headers.get('cache-control')).toBe('private, max-age=60')
  expect((await api.call('formats', { headers: { 'if-none-match': etag } })).status).toBe(304)

  const { id } = await api.createUpload('a.mp3', 10)
  const progress = await api.call(`upload-progress?uploadId=${id}`)
  expect(progress.headers.get('cache-control')).toBe('private, max-age=1')
  const again = await api.call(`upload-progress?uploadId=${id}`, {
    headers: { 'if-none-match': progress.headers.get('etag') ?? '' },
  })
  expect([again.status, await again.text()]).toEqual([304, ''])
  expect((await api.call(`uploads/${id}`)).headers.get('cache-control')).toBe('no-store')
})

test('the page may load nothing from elsewhere, and its assets are kept while the page itself is asked for again', async () => {
  const page = await fetch(`${running.url}/`)
  expect(page.headers.get('content-type')).toMatch(/^text\/html/)
  expect(page.headers.get('content-security-policy')).toMatch(/default-src 'self'/)
  expect(page.headers.get('content-security-policy')).not.toMatch(/unsafe/)
  expect(page.headers.get('cache-control')).toBe('no-cache')
  const [, script = ''] = /src="\.\/(assets\/[^"]+)"/.exec(await page.text()) ?? []
  const asset = await fetch(`${running.url}/${script}`)
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect((await asset.text()).length).toBeGreaterThan(1000)
})
