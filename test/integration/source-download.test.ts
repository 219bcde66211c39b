import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { problem } from '../support/api.ts'
import { openStudio, type Studio } from '../support/studio.ts'
import { tone } from '../support/take.ts'

let studio: Studio
beforeAll(async () => {
  studio = await openStudio()
})
afterAll(() => studio[Symbol.asyncDispose]())

const take = { seconds: 1, voices: [tone(300, 0.2)] }

test('a source is served byte for byte, whole and in ranges, by name, and not again to who has it', async () => {
  const id = await studio.take('Söng.flac', take)
  const whole = await readFile(studio.at('Söng.flac'))
  const get = (headers: Record<string, string> = {}, method = 'GET') =>
    studio.api.call(`uploads/${id}/source`, { method, headers })
  const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer())

  const answer = await get()
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'audio/flac',
    'content-disposition': `attachment; filename="S?ng.flac"; filename*=UTF-8''S%C3%B6ng.flac`,
    'cache-control': 'private, max-age=60',
    'accept-ranges': 'bytes',
    'content-length': `${whole.length}`,
  })
  expect(await bytesOf(answer)).toEqual(whole)
  const head = await get({}, 'HEAD')
  expect([head.headers.get('content-length'), (await bytesOf(head)).length]).toEqual([`${whole.length}`, 0])

  const part = await get({ range: 'bytes=100-199' })
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${whole.length}`])
  expect(await bytesOf(part)).toEqual(whole.subarray(100, 200))
  expect((await bytesOf(await get({ range: 'bytes=0-1,5-6' }))).length).toBe(whole.length)
  const etag = head.headers.get('etag') ?? ''
  const changed = await get({ range: 'bytes=0-9', 'if-range': '"another"' })
  expect([changed.status, (await bytesOf(changed)).length]).toEqual([200, whole.length])
  expect((await get({ range: 'bytes=0-9', 'if-range': etag })).status).toBe(206)
  expect((await get({ 'if-none-match': etag })).status).toBe(304)
  const beyond = await get({ range: `bytes=${whole.length}-` })
  expect(beyond.headers.get('content-range')).toBe(`bytes */${whole.length}`)
  expect(await problem(beyond)).toMatchObject({ httpStatus: 416, code: 'range-not-satisfiable' })
})

test.each([
  ['a.mp3', [], 'audio/mpeg'],
  ['a.wav', [], 'audio/wav'],
  ['a.m4a', ['-c:a', 'aac'], 'audio/mp4'],
  ['a.ogg', ['-c:a', 'libvorbis'], 'audio/ogg'],
  ['a.webm', ['-c:a', 'libopus'], 'audio/webm'],
  ['a.mka', ['-c:a', 'flac'], 'application/octet-stream'],
  ['a.aiff', [], 'application/octet-stream'],
])('%s is called what was found in it, whatever its name says', async (name, flags, type) => {
  await studio.take(name, { ...take, flags })
  const id = await studio.api.upload('song.txt', await readFile(studio.at(name)))
  const answer = await studio.api.call(`uploads/${id}/source`, { method: 'HEAD' })
  expect(answer.headers.get('content-type')).toBe(type)
})

test('only a finished upload has a source', async () => {
  const codeOf = async (id: string) => (await problem(await studio.api.call(`uploads/${id}/source`))).code
  expect(await codeOf(newId())).toBe('upload-not-found')
  const { id } = await studio.api.createUpload('open.wav', 10)
  expect(await codeOf(id)).toBe('upload-not-ready')
})

test('with direct downloads the page may play what lies in the bucket', async () => {
  await using direct = await openStudio({ DOWNLOAD_TRANSPORT: 'direct' })
  const id = await direct.take('a.wav', take)
  const answer = await direct.api.call(`uploads/${id}/source`, { redirect: 'manual' })
  const { origin } = new URL(answer.headers.get('location') ?? '')
  const policy = answer.headers.get('content-security-policy') ?? ''
  expect(policy).toContain(`media-src 'self' blob: ${origin};`)
  expect(policy).toMatch(/connect-src 'self'$/)
  const { headers } = await studio.api.call('formats')
  expect(headers.get('content-security-policy')).toContain("media-src 'self' blob:;")
})
