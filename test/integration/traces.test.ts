import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi, json, type Api } from '../support/api.ts'
import { makeAudio } from '../support/audio.ts'
import { startStores, type SharedStores } from '../support/embedded.ts'
import { startOtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts'
import { startProgram } from '../support/program.ts'

let stores: SharedStores
let song: Buffer<ArrayBuffer>
beforeAll(async () => {
  stores = await startStores()
  const file = path.join(stores.folder, 'song.wav')
  await makeAudio(file, { seconds: 2 })
  song = await readFile(file)
})
afterAll(() => stores[Symbol.asyncDispose]())

const start = (role: string, env: Record<string, string> = {}) =>
  startProgram({ dataDir: path.join(stores.folder, role), env: { ...stores.env, ROLE: role, ...env } })

const jsonTo = (url: string, name: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_SERVICE_NAME: name,
})

/** Each span by name, with the name of the one it is a part of. */
function tree(spans: ReceivedSpan[]): Record<string, string | undefined> {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]))
  return Object.fromEntries(spans.map(({ name, parentSpanId = '' }) => [name, names.get(parentSpanId)]))
}

test('from upload to result it is one trace, over processes that share nothing but the stores', async () => {
  await using collector = await startOtlpReceiver()
  await using front = await start('api', jsonTo(collector.url, 'front'))
  await using worker = await start('worker', jsonTo(collector.url, 'worker'))
  const api = createApi(front.url)
  const uploadId = await api.upload('song.wav', song)
  const { id: jobId } = await api.convert(uploadId, 'mp3')
  await api.done(jobId)
  await Promise.all([front.kill('SIGTERM'), worker.kill('SIGTERM')])

  const opened = collector.spans.find(({ name }) => name === 'POST /api/uploads')
  const trace = collector.spans.filter(({ traceId }) => traceId === opened?.traceId)
  expect(tree(trace)).toEqual({
    'POST /api/uploads': undefined,
    upload: 'POST /api/uploads',
    join: 'upload',
    inspect: 'upload',
    conversion: 'POST /api/uploads',
    fetch: 'conversion',
    analyse: 'conversion',
    convert: 'conversion',
    store: 'conversion',
    commit: 'conversion',
  })
  const at = (name: string) => trace.find((span) => span.name === name)
  expect(at('upload')).toMatchObject({
    resource: { 'service.name': 'front', 'service.version': expect.stringMatching(/^\d/) as unknown },
    attributes: { 'tapedeck.bytes': song.length, 'tapedeck.parts': 1, 'tapedeck.transport': 'proxy' },
  })
  // It lasted from the upload's beginning on, which was before the request that ended it.
  const completed = collector.spans.find(({ name }) => name.endsWith('/complete'))
  expect(Number(at('upload')?.startTimeUnixNano)).toBeLessThan(Number(completed?.startTimeUnixNano))
  expect(at('upload')?.links).toEqual([expect.objectContaining({ traceId: completed?.traceId })])
  expect(at('conversion')).toMatchObject({
    resource: { 'service.name': 'worker' },
    attributes: { 'tapedeck.format': 'mp3', 'tapedeck.attempt': 1, 'tapedeck.outcome': 'done' },
  })
  expect(at('POST /api/uploads')?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/api/uploads',
    'http.response.status_code': 201,
  })
  // Not an id of anything, and nothing of what is asked each second.
  const everything = JSON.stringify(collector.spans)
  for (const id of [uploadId, jobId]) expect(everything).not.toContain(id)
  expect(collector.spans.filter(({ name }) => name.includes('progress'))).toEqual([])
  expect(worker.output()).toContain(`"traceId":"${opened?.traceId}"`)
})

const CALLERS = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLERS_SPAN = '00f067aa0ba902b7'

test('a job belongs to the trace of a caller who tells one, and what fails in it says why', async () => {
  await using collector = await startOtlpReceiver()
  await using front = await start('api', jsonTo(collector.url, 'front'))
  const api = createApi(front.url)
  const uploadId = await api.upload('song.wav', song)
  const jobId = await orderedBy(api, { uploadId, format: 'mp3' })
  expect((await api.call(`uploads/${uploadId}`, { method: 'DELETE' })).status).toBe(204)
  await using worker = await start('worker', jsonTo(collector.url, 'worker'))
  await api.follow(jobId, ({ state }) => state === 'failed')
  await Promise.all([front.kill('SIGTERM'), worker.kill('SIGTERM')])

  const trace = collector.spans.filter(({ traceId }) => traceId === CALLERS)
  expect(tree(trace)).toEqual({
    'POST /api/jobs': undefined, // the caller has the span that it is a part of
    conversion: 'POST /api/jobs',
    fetch: 'conversion',
    commit: 'conversion',
  })
  const at = (name: string) => trace.find((span) => span.name === name)
  expect(at('POST /api/jobs')?.parentSpanId).toBe(CALLERS_SPAN)
  const why = { attributes: { 'error.type': 'source-gone' }, status: { code: 2 } }
  expect(at('fetch')).toMatchObject(why)
  expect(at('conversion')).toMatchObject(why)
  expect(at('conversion')?.attributes).toMatchObject({ 'tapedeck.outcome': 'failed' })
})

async function orderedBy(api: Api, order: object): Promise<string> {
  const traceparent = `00-${CALLERS}-${CALLERS_SPAN}-01`
  return (await json<{ id: string }>(await api.post('jobs', order, { traceparent }), 202)).id
}

test('spans go as protobuf where nothing else is said, to the address for traces as it stands', async () => {
  await using collector = await startOtlpReceiver()
  await using program = await startProgram({
    env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/somewhere` },
  })
  await createApi(program.url).upload('song.wav', song)
  await program.kill('SIGTERM')
  expect(collector.requests.map(({ url, type }) => ({ url, type }))).toContainEqual({
    url: '/somewhere',
    type: 'application/x-protobuf',
  })
  expect(collector.requests.some(({ body }) => body.includes('POST /api/uploads'))).toBe(true)
})

test('a collector that is away costs nothing but the spans', async () => {
  await using program = await startProgram({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } })
  const api = createApi(program.url)
  await api.done((await api.convert(await api.upload('song.wav', song), 'mp3')).id)
  await program.kill('SIGTERM')
  expect(program.output()).not.toContain('stopped before everything was closed')
})
