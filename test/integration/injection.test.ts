import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { parse } from 'content-disposition'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobView } from '../../src/contract/index.ts'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { makeAudio, SOURCES, wavOf } from '../support/audio.ts'
import { makeDataDir, startProgram, type Program } from '../support/program.ts'
import { getting, sendRaw } from '../support/raw-http.ts'
import { readTagged } from '../support/tagged.ts'

const FORGED = '{"level":30,"time":1,"msg":"forged by somebody"}'
const ESCAPES = '\u001b[2K\u001b]0;title\u0007\u009b31m\u0085\u2028'
const NAME = `song\r\n${FORGED}\r\nX-Evil: yes\r\n\r\n${ESCAPES}";filename=evil.exe;".wav`

let program: Program
let api: Api
let wav: Buffer<ArrayBuffer>

beforeAll(async () => {
  program = await startProgram({ env: { LOG_LEVEL: 'debug' } })
  api = createApi(program.url)
  wav = await wavOf(1)
})
afterAll(() => program[Symbol.asyncDispose]())

/** Headers as `fetch` would not send them. */
async function withHeaders(path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const sent = request(`${program.url}${path}`, { headers })
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'end')
  return answer
}

const controls = /[\p{Cc}\u2028\u2029]/u

test('a name never gets out of the header that carries it', async () => {
  const uploadId = await api.upload(NAME, wav)
  const order = (name: string) => api.post('jobs', { uploadId, format: 'wav', options: { name } })
  expect(await problem(await order(NAME))).toMatchObject({ code: 'invalid-option', option: 'name' })
  const job = await json<JobView>(await order('";filename=evil.exe;";filename*=UTF-8\'\'%0d%0aX-Evil:'), 202)
  await api.done(job.id)
  for (const path of [`uploads/${uploadId}/source`, `jobs/${job.id}/result`]) {
    const { headers } = await api.call(path)
    const disposition = headers.get('content-disposition') ?? ''
    expect(disposition).not.toMatch(controls)
    expect(headers.get('x-evil')).toBeNull()
    const { type, parameters } = parse(disposition)
    expect(type).toBe('attachment')
    for (const name of Object.keys(parameters)) expect(['filename', 'filename*']).toContain(name)
    expect(parameters['filename']).toMatch(/^[^\p{Cc}]*filename=evil\.exe[^\p{Cc}]*\.wav$/u)
  }
})

test('tags named like what every object has are tags, from the upload to the result', async () => {
  await using folder = await makeDataDir()
  const [source, result] = [path.join(folder.path, 'odd.flac'), path.join(folder.path, 'made.mp3')]
  const names = Object.getOwnPropertyNames(Object.prototype)
  const flags = [...SOURCES.flac, ...names.flatMap((name) => ['-metadata', `${name}=kept`])]
  await makeAudio(source, { seconds: 1, flags })
  const uploadId = await api.upload('odd.flac', await readFile(source))
  const { media } = await api.findUpload(uploadId)
  // An object of JSON that is validated has no `__proto__` of its own.
  const told = names.map((name) => name.toLowerCase()).filter((name) => name !== '__proto__')
  expect(Object.keys(media?.tags ?? {})).toEqual(expect.arrayContaining(told))

  const { id } = await api.convert(uploadId, 'mp3')
  await api.done(id)
  await writeFile(result, await api.result(id))
  const { tags } = await readTagged(result)
  expect(names.filter((name) => tags[name.toLowerCase()] !== 'kept')).toEqual([])
})

test('nothing of a request gets into the place a client is sent to', async () => {
  const created = await api.post('uploads', { name: NAME, size: 9 })
  expect(created.headers.get('location')).toMatch(/^uploads\/[0-9a-z]{26}$/)
  const docs = await sendRaw(program.url, getting('/api/docs?%0d%0aX-Evil:%20yes//evil.example'))
  expect(docs.head).toMatch(/^location: docs\/$/m)
  expect(docs.head).not.toMatch(/evil/i)
})

test('whatever is sent, the log is one line of JSON for each thing that happened, and forges none', async () => {
  const odd = 'abcdefgh\u009b31m\u0085\u00ff'
  for (const name of [
    'x-request-id',
    'user-agent',
    'referer',
    'x-forwarded-for',
    'traceparent',
    'idempotency-key',
  ])
    await withHeaders('/api/formats', { [name]: odd })
  for (const path of [encodeURIComponent(`/${NAME}`), `x?a=${encodeURIComponent(NAME)}`]) {
    const answer = await api.call(path)
    expect(answer.headers.get('x-evil')).toBeNull()
  }
  const requestId = (await withHeaders('/api/nothing', { 'x-request-id': odd })).headers['x-request-id']
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
  await api.createUpload(NAME, 9)
  await api.post('jobs', { uploadId: NAME, format: NAME })
  await program.kill('SIGTERM')

  const lines = program
    .output()
    .split('\n')
    .filter((line) => line !== '')
  expect(lines.length).toBeGreaterThan(10)
  const parsed = lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { msg: string })
  expect(parsed.length).toBeGreaterThan(10)
  expect(parsed.filter(({ msg }) => msg.includes('forged'))).toEqual([])
  for (const line of lines) expect(line).not.toMatch(controls)
})
