import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { makeAudio, SOURCES } from '../support/audio.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'
import { unboundedStrings, type OpenApi } from '../support/request-strings.ts'
import { contentsOf, leavingNothing as leaving, objectsOf } from '../support/stores.ts'

let folder: Awaited<ReturnType<typeof makeDataDir>>
let program: Program
let api: Api
let song: Buffer<ArrayBuffer>
let readySong = ''

beforeAll(async () => {
  folder = await makeDataDir()
  program = await startProgram({ dataDir: folder.path, env: { MAX_UPLOAD_BYTES: '5000000' } })
  api = createApi(program.url)
  const file = path.join(folder.path, 'song.mp3')
  await makeAudio(file, { seconds: 2, flags: SOURCES.mp3 })
  song = await readFile(file)
  readySong = await api.upload('song.mp3', song)
})
afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

let uploadId = ''
beforeEach(async () => {
  uploadId = (await api.createUpload('song.mp3', song.length)).id
})

const leavingNothing = (run: () => Promise<void>) => leaving(program, folder.path, run)

const refusals: [string, () => Promise<Response>, number, string][] = [
  ['an empty file', () => api.post('uploads', { name: 'a.mp3', size: 0 }), 422, 'empty-file'],
  [
    'too large a file',
    () => api.post('uploads', { name: 'a.mp3', size: 5_000_001 }),
    413,
    'upload-too-large',
  ],
  ['a name of nothing', () => api.post('uploads', { name: ' / ', size: 9 }), 422, 'invalid-name'],
  ['a size that is no number', () => api.post('uploads', { name: 'a', size: 'big' }), 400, 'invalid-request'],
  ['a negative size', () => api.post('uploads', { name: 'a', size: -1 }), 400, 'invalid-request'],
  ['a part of the wrong length', () => api.putPart(uploadId, 1, Buffer.alloc(10)), 400, 'part-size'],
  ['a part out of range', () => api.putPart(uploadId, 2, song), 422, 'part-out-of-range'],
  ['part zero', () => api.putPart(uploadId, 0, song), 422, 'part-out-of-range'],
  [
    'a part that is no number',
    () => api.call(`uploads/${uploadId}/parts/x`, { method: 'PUT' }),
    400,
    'invalid-request',
  ],
  ['a part of an unknown upload', () => api.putPart(newId(), 1, song), 404, 'upload-not-found'],
  ['a mistyped id', () => api.call('uploads/nonsense'), 404, 'upload-not-found'],
  [
    'progress of an unknown upload',
    () => api.call(`upload-progress?uploadId=${newId()}`),
    404,
    'upload-not-found',
  ],
  [
    'a target out of range',
    () => api.post(`uploads/${uploadId}/targets`, { want: [{ part: 7 }] }),
    422,
    'part-out-of-range',
  ],
  ['completing an unknown upload', () => api.complete(newId()), 404, 'upload-not-found'],
  [
    'a job for an unfinished upload',
    () => api.post('jobs', { uploadId, format: 'mp3' }),
    409,
    'upload-not-ready',
  ],
  [
    'a job for an unknown upload',
    () => api.post('jobs', { uploadId: newId(), format: 'mp3' }),
    404,
    'upload-not-found',
  ],
  [
    'an unknown format',
    () => api.post('jobs', { uploadId: readySong, format: 'exe' }),
    422,
    'unknown-format',
  ],
  [
    'an unknown preset',
    () => api.post('jobs', { uploadId: readySong, preset: 'loud' }),
    422,
    'unknown-preset',
  ],
  ['neither format nor preset', () => api.post('jobs', { uploadId: readySong }), 400, 'invalid-request'],
  ['an option the format does not take', () => option({ bitrateKbps: 128 }, 'flac'), 422, 'invalid-option'],
  ['an option out of its range', () => option({ bitrateKbps: 9999 }, 'mp3'), 422, 'invalid-option'],
  [
    'an option that FFmpeg would read as flags',
    () => option({ bitrateKbps: '1 -f null' }, 'mp3'),
    422,
    'invalid-option',
  ],
  ['an option of the prototype', () => option({ toString: 1 }, 'mp3'), 422, 'invalid-option'],
  ['an unknown job', () => api.call(`jobs/${newId()}`), 404, 'job-not-found'],
  ['progress of an unknown job', () => api.call(`progress?jobId=${newId()}`), 404, 'job-not-found'],
  ['the result of an unknown job', () => api.call(`jobs/${newId()}/result`), 404, 'job-not-found'],
  ['a query without its id', () => api.call('progress'), 400, 'invalid-request'],
  ['JSON that is none', () => raw('{"name":'), 400, 'invalid-request'],
  ['a body of another type', () => raw('name=a', 'text/csv'), 415, 'unsupported-media-type'],
  ['a body without end', () => raw(`{"name":"${'a'.repeat(2_000_000)}"}`), 413, 'request-too-large'],
  [
    'a name of half a million combining marks, to normalize which takes minutes',
    () => api.post('uploads', { name: `a${'\u0315\u0300'.repeat(240_000)}`, size: 9 }),
    400,
    'invalid-request',
  ],
  [
    'such a name from Uppy',
    () => api.post('uppy/s3/multipart', { filename: 'a\u0315\u0300'.repeat(2000), metadata: { size: 9 } }),
    400,
    'invalid-request',
  ],
  ['an endless option', () => option({ ['a'.repeat(900_000)]: 1 }, 'mp3'), 400, 'invalid-request'],
  ['an unknown route', () => api.call('nothing/here'), 404, 'not-found'],
  [
    'a weak idempotency key',
    () => api.post('uploads', { name: 'a', size: 1 }, { 'idempotency-key': '1' }),
    400,
    'invalid-request',
  ],
]
const option = (options: object, format: string) => api.post('jobs', { uploadId: readySong, format, options })
const raw = (body: string, type = 'application/json') =>
  api.call('uploads', { method: 'POST', body, headers: { 'content-type': type } })

test('whoever sends far too much is told so each time, and never cut off before', async () => {
  for (let time = 1; time <= 100; time++)
    expect((await raw(`{"name":"${'a'.repeat(2_000_000)}"}`)).status).toBe(413)
})

test('every string of a request has a greatest length', async () => {
  expect(unboundedStrings(await json<OpenApi>(await api.call('openapi.json')))).toEqual([])
})

test.each(refusals)('%s is a problem with its code', async (_, ask, status, code) => {
  await leavingNothing(async () => {
    const answer = await ask()
    const requestId = answer.headers.get('x-request-id')
    const said = await problem(answer)
    expect(said).toMatchObject({ httpStatus: status, status, code, requestId })
    expect(said).toMatchObject({
      type: `urn:tapedeck:problem:${code}`,
      instance: expect.stringMatching(/^\/api\//) as string,
    })
    expect(JSON.stringify(said)).not.toMatch(/\/tmp|node_modules|tapedeck-(jobs|uploads)|at .*:\d+:\d+/)
  })
})

const notAudio: [string, () => Promise<string> | string][] = [
  ['a text named .mp3', () => 'This is not music.\n'.repeat(50)],
  [
    'an HLS playlist named .mp3',
    async () => playlist('#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n', '\n#EXT-X-ENDLIST\n'),
  ],
  ['an ffconcat script named .mp3', async () => playlist('ffconcat version 1.0\nfile ', '\n')],
  ['zeros', () => '\0'.repeat(4096)],
]

/** A text that makes a naive FFmpeg open a real audio file of the server. */
async function playlist(before: string, after: string): Promise<string> {
  const secret = path.join(folder.path, 'secret.mp3')
  await writeFile(secret, song)
  return `${before}${secret}${after}`
}

test.each(notAudio)('%s is refused as not audio, and its bytes are gone', async (_, make) => {
  const bytes = Buffer.from(await make())
  await leavingNothing(async () => {
    const { id } = await api.createUpload('music.mp3', bytes.length)
    await json(await api.putPart(id, 1, bytes))
    const refused = { httpStatus: 422, code: 'not-audio' }
    expect(await problem(await api.complete(id))).toMatchObject(refused)
    expect(await problem(await api.complete(id))).toMatchObject(refused)
    expect((await api.findUpload(id)).state).toBe('failed')
    const late = await problem(await api.post('jobs', { uploadId: id, format: 'mp3' }))
    expect(late).toMatchObject({ httpStatus: 409, code: 'upload-not-ready' })
  })
})

test.each([
  ['../../etc/passwd', 'passwd'],
  ['C:\\music\\song.mp3', 'song.mp3'],
  ['🎵🎶.mp3', '🎵🎶.mp3'],
  ['-i pipe:0 -y.mp3', '-i pipe:0 -y.mp3'],
])('the name %s is for people only: kept as %s, and never part of a key', async (given, kept) => {
  const upload = await api.createUpload(given, song.length)
  expect(upload.name).toBe(kept)
  await json(await api.putPart(upload.id, 1, song))
  await json(await api.complete(upload.id))
  const job = await api.convert(upload.id, 'wav')
  await api.done(job.id)
  const { keys } = await contentsOf(await objectsOf(program, folder.path))
  expect(keys).toContain(`uploads/${upload.id}/source`)
  expect(keys).toContain(`results/${job.id}/1.wav`)
})

test('a body that ends too early leaves nothing, and the part can be sent again', async () => {
  await leavingNothing(async () => {
    await new Promise<void>((resolve) => {
      const put = request(`${program.url}/api/uploads/${uploadId}/parts/1`, {
        method: 'PUT',
        headers: { 'content-length': song.length },
      })
      put.on('error', () => resolve())
      put.write(song.subarray(0, 1000), () => put.destroy())
    })
    expect((await api.findUpload(uploadId)).received).toBe('')
  })
  await json(await api.putPart(uploadId, 1, song))
})

test('a part without a length is refused before its bytes are read', async () => {
  await leavingNothing(async () => {
    const put = request(`${program.url}/api/uploads/${uploadId}/parts/1`, { method: 'PUT' })
    put.write('x')
    const answer = await new Promise<string>((resolve, reject) => {
      put.on('response', (response) => void text(response).then(resolve, reject)).on('error', reject)
      put.end('y')
    })
    expect(JSON.parse(answer)).toMatchObject({ status: 411, code: 'length-required' })
  })
})

test.each([
  ['POST', 'cleanup'],
  ['POST', 'uploads'],
  ['POST', 'jobs'],
  ['PUT', 'uploads/x/parts/1'],
  ['DELETE', 'uploads/x'],
])('%s %s is refused to a page of another origin', async (method, path) => {
  await leavingNothing(async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
      expect(await problem(await api.call(path, { method, headers }))).toMatchObject({
        httpStatus: 403,
        code: 'foreign-origin',
      })
  })
})

test('nobody else on this machine may read what is kept', async () => {
  const kept = await readdir(folder.path, { recursive: true, withFileTypes: true })
  const open = await Promise.all(
    kept
      .filter(({ parentPath, name }) => !(parentPath === folder.path && name.endsWith('.mp3'))) // ours
      .map(async ({ parentPath, name }) => {
        const { mode } = await stat(path.join(parentPath, name))
        return (mode & 0o077) === 0 ? [] : [name]
      }),
  )
  expect(kept.length).toBeGreaterThan(5)
  expect(open.flat()).toEqual([])
})

test('a page of this server may do what it wants', async () => {
  const headers = { origin: program.url }
  expect((await api.call('cleanup', { method: 'POST', headers })).status).toBe(200)
})

test('a foreign host name is refused, so that no other site can reach this server through a browser', async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const ask = request(`${program.url}/api/formats`, { headers: { host: 'evil.example' } })
    ask.on('response', (response) => void text(response).then(resolve, reject)).on('error', reject)
    ask.end()
  })
  expect(JSON.parse(answer)).toMatchObject({ status: 421, code: 'foreign-host' })
})
