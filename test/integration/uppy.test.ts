import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { MiB } from '../../src/kernel/units.ts'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { startService, type TurnedService } from '../support/service.ts'

let running: TurnedService
let api: Api
beforeAll(async () => {
  running = await startService({ TRUSTED_PROXIES: '127.0.0.1', ALLOWED_HOSTS: '127.0.0.1,audio.example' })
  api = createApi(running.url)
})
afterAll(() => running[Symbol.asyncDispose]())

const SIZE = 11 * MiB
const FILE = { filename: 'tone.wav', type: 'audio/wav', metadata: { size: SIZE, name: 'tone.wav' } }
type Begun = { uploadId: string; key: string }
const begin = async (base: string, body: object = FILE) =>
  json<Begun>(await api.post(`${base}/s3/multipart`, body))

test('a path that names an upload reaches that one, whatever id and key the client gives', async () => {
  const [mine, other] = [await api.createUpload('mine.wav', SIZE), await api.createUpload('other.wav', SIZE)]
  const base = `uploads/${mine.id}`
  expect(await begin(base, { ...FILE, filename: '../../other' })).toEqual({ uploadId: mine.id, key: mine.id })
  const strangers = [
    api.call(`${base}/s3/multipart/${other.id}?key=${mine.id}`),
    api.call(`${base}/s3/multipart/${other.id}/1?key=${mine.id}`),
    api.post(`${base}/s3/multipart/${other.id}/complete?key=${mine.id}`, { parts: [] }),
    api.call(`${base}/s3/multipart/${other.id}?key=${mine.id}`, { method: 'DELETE' }),
  ]
  for (const answer of strangers)
    expect(await problem(await answer)).toMatchObject({ httpStatus: 404, code: 'upload-not-found' })
  expect((await api.findUpload(other.id)).state).toBe('open')
  expect(
    await json(await api.call(`${base}/s3/multipart/${mine.id}?key=uploads/${other.id}/source`)),
  ).toEqual([])
})

test('an upload is cut as Uppy cuts it as long as nothing of it is stored', async () => {
  const fresh = await api.createUpload('fresh.wav', SIZE)
  expect(fresh.partSize).toBe(8 * MiB)
  await begin(`uploads/${fresh.id}`)
  expect(await api.findUpload(fresh.id)).toMatchObject({ partSize: 5 * MiB, partCount: 3 })
  const begun = await api.createUpload('begun.wav', SIZE)
  await json(await api.putPart(begun.id, 1, randomBytes(8 * MiB)))
  await begin(`uploads/${begun.id}`)
  expect(await api.findUpload(begun.id)).toMatchObject({ partSize: 8 * MiB, received: '1' })
})

test('what cannot be done says what to do about it', async () => {
  const refusals: [Promise<Response>, number, string][] = [
    [api.post('uppy/s3/multipart', { filename: 'a.wav', type: null }), 422, 'size-required'],
    [api.post('uppy/s3/multipart', { ...FILE, metadata: { size: 0 } }), 422, 'empty-file'],
    [api.post('uppy/s3/multipart', { ...FILE, metadata: { size: 1e14 } }), 413, 'upload-too-large'],
    [api.post('uppy/s3/multipart', { type: 'audio/wav' }), 400, 'invalid-request'],
    [api.call('uppy/s3/params?filename=a.wav&type=audio/wav'), 422, 'multipart-only'],
    [api.call(`uppy/s3/multipart/${newId()}/1`), 404, 'upload-not-found'],
    [api.post(`uploads/${newId()}/s3/multipart`, FILE), 404, 'upload-not-found'],
  ]
  for (const [answer, httpStatus, code] of refusals)
    expect(await problem(await answer)).toMatchObject({ httpStatus, code })
})

test('a part that is stored is listed with its ETag, and may be sent again when its answer was lost', async () => {
  const { uploadId } = await begin('uppy')
  const bytes = randomBytes(5 * MiB)
  const target = async () => json<{ url: string }>(await api.call(`uppy/s3/multipart/${uploadId}/1`))
  const put = async () => fetch((await target()).url, { method: 'PUT', body: bytes })
  const etag = (await put()).headers.get('etag')
  expect((await put()).headers.get('etag')).toBe(etag)
  const listed = await json(await api.call(`uppy/s3/multipart/${uploadId}`))
  expect(listed).toEqual([{ PartNumber: 1, Size: 5 * MiB, ETag: etag }])
  expect(await problem(await api.call(`uppy/s3/multipart/${uploadId}/4`))).toMatchObject({
    code: 'part-out-of-range',
  })
  const completed = (ETag: string) =>
    api.post(`uppy/s3/multipart/${uploadId}/complete`, { parts: [{ PartNumber: 1, ETag }] })
  expect(await problem(await completed('"other"'))).toMatchObject({ httpStatus: 409, code: 'part-conflict' })
  expect(await problem(await completed(etag?.replaceAll('"', '') ?? ''))).toMatchObject({
    code: 'parts-missing',
    missing: '2-3',
  })
})

test('the URLs it gives are those its client can reach', async () => {
  const { uploadId } = await begin('uppy')
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'audio.example' }
  const path = `api/uploads/${uploadId}/parts/2`
  const behind = await json<{ url: string }>(await api.call(`uppy/s3/multipart/${uploadId}/2`, { headers }))
  expect(behind.url).toBe(`https://audio.example/${path}`)
  await using below = await startService({ PUBLIC_URL: 'https://site.example/tapes' })
  const other = createApi(below.url)
  const begun = await json<Begun>(await other.post('uppy/s3/multipart', FILE))
  const { url } = await json<{ url: string }>(await other.call(`uppy/s3/multipart/${begun.uploadId}/2`))
  expect(url).toBe(`https://site.example/tapes/api/uploads/${begun.uploadId}/parts/2`)
})
