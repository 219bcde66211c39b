import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newKey } from '../../src/access/index.ts'
import type { JobView, LinkView, PassView, TargetsView, UploadView } from '../../src/contract/index.ts'
import { newId } from '../../src/kernel/ids.ts'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { wavOf } from '../support/audio.ts'
import { startService, type TurnedService } from '../support/service.ts'

const ADMIN_KEY = 'the-key-of-the-operator'
const [anna, annaNext, ben] = [newKey('anna'), newKey('anna'), newKey('ben')]
let running: TurnedService
let wav: Buffer<ArrayBuffer>
let open: Api
let asAnna: Api
let asBen: Api
let uploadId: string
let jobId: string

const withKey = (key: string) => createApi(running.url, { authorization: `Bearer ${key}` })

beforeAll(async () => {
  const API_KEYS = [anna, annaNext, ben].map(({ entry }) => entry).join(',')
  running = await startService({ API_KEYS, ADMIN_KEY, TRUSTED_PROXIES: '127.0.0.1' })
  wav = await wavOf(1)
  open = createApi(running.url)
  asAnna = withKey(anna.key)
  asBen = withKey(ben.key)
  uploadId = await asAnna.upload('tone.wav', wav)
  jobId = (await asAnna.convert(uploadId, 'mp3')).id
  await asAnna.done(jobId)
})
afterAll(() => running[Symbol.asyncDispose]())

type OpenApi = { paths: Record<string, Record<string, unknown>> }

/** Every call of the API that names a record, with the ids put in. */
async function everyCall(ids: { uploadId: string; jobId: string }) {
  const { paths } = await json<OpenApi>(await asAnna.call('openapi.json'))
  const fill = (path: string) =>
    path
      .replace('/api/', '')
      .replace(/\{(uploadId|capability)\}/g, ids.uploadId)
      .replace('{jobId}', ids.jobId)
      .replace('{part}', '1')
  const byPath = Object.entries(paths)
    .filter(([path]) => path.includes('{'))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: fill(path), body: '{}' })),
    )
  const byQuery = ['progress', 'progress/stream', 'results.zip'].map((path) => `${path}?jobId=${ids.jobId}`)
  const gets = [...byQuery, `upload-progress?uploadId=${ids.uploadId}`]
  const bodies = [{ uploadId: ids.uploadId }, { uploadIds: [ids.uploadId, ids.uploadId] }]
  return [
    ...byPath,
    ...gets.map((path) => ({ method: 'GET', path, body: undefined })),
    ...bodies.map((one) => ({
      method: 'POST',
      path: 'jobs',
      body: JSON.stringify({ ...one, format: 'wav' }),
    })),
  ]
}

/** Each call comes from elsewhere, or wrong keys would be refused by their number. */
const newAddress = () => `10.${[1, 2, 3].map(() => randomInt(256)).join('.')}`

const send = (
  api: Api,
  { method, path, body }: { method: string; path: string; body: string | undefined },
) => {
  const takesBody = body !== undefined && method !== 'GET' && method !== 'HEAD'
  return api.call(path, {
    method,
    ...(takesBody && { body }),
    headers: { 'x-forwarded-for': newAddress(), ...(takesBody && { 'content-type': 'application/json' }) },
  })
}

test('without a key, or with a wrong one, no call is answered, whatever it names', async () => {
  const calls = [
    ...(await everyCall({ uploadId, jobId })),
    { method: 'POST', path: 'uploads', body: '{"name":"a.wav","size":1}' },
  ]
  for (const api of [open, withKey(`${anna.key}x`), withKey(anna.entry), withKey('td_')])
    for (const call of calls) expect([call, (await send(api, call)).status]).toEqual([call, 401])
  const refused = await open.call('formats')
  expect((await asAnna.call('formats')).headers.get('vary')).toContain('authorization')
  expect(refused.headers.get('www-authenticate')).toBe('Bearer')
  expect(await problem(refused)).toMatchObject({ code: 'unauthorized', httpStatus: 401 })
})

test('what was made under one key is not there for another, and neither is it changed', async () => {
  const foreign = await everyCall({ uploadId, jobId })
  expect(foreign.length).toBeGreaterThan(30)
  for (const call of foreign) expect([call, (await send(asBen, call)).status]).toEqual([call, 404])
  // Not even that it is there can be told.
  const absent = { uploadId: newId('anna'), jobId: newId('anna') }
  const answer = async (one: string, path: string) => {
    const { code, detail } = await problem(await asBen.call(path.replace('?', one)))
    return { code, detail: detail.replace(one, '') }
  }
  for (const [one, other, path] of [
    [jobId, absent.jobId, 'jobs/?'],
    [uploadId, absent.uploadId, 'uploads/?'],
  ] as const)
    expect(await answer(one, path)).toEqual(await answer(other, path))
  expect((await asAnna.findJob(jobId)).state).toBe('done')
  expect((await asAnna.findUpload(uploadId)).state).toBe('ready')
})

test('several keys of one owner open the same, so that one can follow the other', async () => {
  expect((await withKey(annaNext.key).findJob(jobId)).state).toBe('done')
})

test('one Idempotency-Key of two owners is two uploads', async () => {
  const create = async (api: Api) =>
    (
      await json<UploadView>(
        await api.post('uploads', { name: 'a.wav', size: 9 }, { 'idempotency-key': 'one-and-the-same-key' }),
        201,
      )
    ).id
  expect(await create(asAnna)).toBe(await create(asAnna))
  expect(await create(asAnna)).not.toBe(await create(asBen))
})

test('how the API is called is said to those who have no key yet, and what calls need one', async () => {
  for (const path of ['docs', 'docs/', 'docs/json', 'docs/static/swagger-ui-bundle.js'])
    expect([path, (await open.call(path)).status]).toEqual([path, 200])
  expect((await open.call('docs-of-another-kind')).status).toBe(404)
  type Secured = { security?: object[]; paths: Record<string, Record<string, { security?: object[] }>> }
  const { security, paths } = await json<Secured>(await open.call('openapi.json'))
  expect(security).toEqual([{ key: [] }])
  expect(paths['/api/health/ready']?.['get']?.security).toEqual([])
  expect(paths['/api/cleanup']?.['post']?.security).toEqual([{ operator: [] }])
  await using keyless = await startService()
  expect((await json<Secured>(await createApi(keyless.url).call('openapi.json'))).security).toBeUndefined()
})

test('metrics need a key, a link does not do, and another way to write the path is that path', async () => {
  const { access } = await json<PassView>(await asAnna.post('pass'), 201)
  const status = async (path: string, key?: string) =>
    (await fetch(`${running.url}${path}`, key ? { headers: { authorization: `Bearer ${key}` } } : {})).status
  for (const path of ['/metrics', '/%6detrics', `/metrics?access=${access}`])
    expect([path, await status(path)]).toEqual([path, 401])
  expect(await status('/metrics', anna.key)).toBe(200)
  expect(await status('/metrics', ADMIN_KEY)).toBe(200)
})

test('health needs no key, and the page neither', async () => {
  expect((await open.call('health/live')).status).toBe(200)
  expect((await open.call('health/ready')).status).toBe(200)
  expect((await fetch(`${running.url}/`)).status).toBe(200)
})

test('the target of a part needs no key, and takes that upload alone', async () => {
  const { id } = await asAnna.createUpload('tone.wav', wav.length)
  const other = await asAnna.createUpload('tone.wav', wav.length)
  const { targets } = await json<TargetsView>(
    await asAnna.post(`uploads/${id}/targets`, { want: [{ part: 1 }] }),
  )
  const url = targets[0]?.url ?? ''
  const put = (base: string) =>
    fetch(new URL(url, `${running.url}/api/uploads/${base}/targets`), { method: 'PUT', body: wav })
  expect((await put(other.id)).status).toBe(401)
  expect((await put(id)).status).toBe(200)
  const access = new URL(url, running.url).search
  expect((await open.call(`uploads/${id}${access}`)).status).toBe(401)
  expect((await open.call(`uploads/${id}${access}`, { method: 'DELETE' })).status).toBe(401)
})

test('a link to a result works by itself for that job alone, for reading, and for as long as it says', async () => {
  const other = await asAnna.convert(uploadId, 'flac')
  await asAnna.done(other.id)
  const { url, expiresAt } = await json<LinkView>(
    await asAnna.post(`jobs/${jobId}/link`, { expiresInSeconds: 60 }),
    201,
  )
  expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(60_000)
  const file = await fetch(url)
  expect(file.status).toBe(200)
  expect(Buffer.from(await file.arrayBuffer())).toEqual(await asAnna.result(jobId))
  for (const path of [`jobs/${other.id}/result`, `uploads/${uploadId}/source`, 'formats'])
    expect((await open.call(`${path}${new URL(url).search}`)).status).toBe(401)
  expect((await fetch(url.replace('/result', ''), { method: 'DELETE' })).status).toBe(401)
  const late = url.replace(/access=([^.]+)\.(\w+)\./, (_, id: string) => `access=${id}.zzzzzz.`)
  expect((await fetch(late)).status).toBe(401)
  for (const expiresInSeconds of [59, 604_801, 'x'])
    expect((await asAnna.post(`jobs/${jobId}/link`, { expiresInSeconds })).status).toBe(400)
  expect((await asAnna.post(`jobs/${newId('anna')}/link`, {})).status).toBe(404)
})

test('a pass reads what its owner may read, and nothing of others', async () => {
  const { access, owner } = await json<PassView>(await asAnna.post('pass'), 201)
  expect(owner).toBe('anna')
  const { id } = await json<JobView>(await open.call(`jobs/${jobId}?access=${access ?? ''}`))
  expect(id).toBe(jobId)
  expect((await open.call(`jobs/${jobId}?access=${access ?? ''}&access=x`)).status).toBe(401)
  expect((await open.call(`jobs/${jobId}/cancel?access=${access ?? ''}`, { method: 'POST' })).status).toBe(
    401,
  )
  const { access: ofBen } = await json<PassView>(await asBen.post('pass'), 201)
  expect((await open.call(`jobs/${jobId}?access=${ofBen ?? ''}`)).status).toBe(404)
})

test('without keys configured a link is the address itself, and there is no pass to be had', async () => {
  await using keyless = await startService()
  const api = createApi(keyless.url)
  const job = await api.convert(await api.upload('tone.wav', wav), 'mp3')
  await api.done(job.id)
  const { url, expiresAt } = await json<LinkView>(await api.post(`jobs/${job.id}/link`), 201)
  expect(url).toBe(`${keyless.url}/api/jobs/${job.id}/result`)
  expect(expiresAt).toBe((await api.findJob(job.id)).expiresAt)
  expect(await json<PassView>(await api.post('pass'), 201)).toMatchObject({ owner: null, access: null })
})
