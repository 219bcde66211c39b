import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { MiB } from '../../src/kernel/units.ts'
import type { FormatsView, JobView } from '../../src/contract/index.ts'
import { createApi, json, problem } from '../support/api.ts'
import { startStores } from '../support/embedded.ts'
import { attach, isRed, look, paint } from '../support/pictures.ts'
import { startProgram } from '../support/program.ts'
import { contentsOf } from '../support/stores.ts'
import { openStudio, type Studio } from '../support/studio.ts'
import { tone } from '../support/take.ts'
import { readTagged } from '../support/tagged.ts'
import { COVERED } from '../support/targets.ts'

let studio: Studio
let red: Buffer<ArrayBuffer>
let blue: Buffer<ArrayBuffer>
beforeAll(async () => {
  studio = await openStudio()
  await studio.take('plain.flac', { seconds: 1, voices: [tone(300, 0.2)] })
  red = await paint(studio.at('red.jpg'), { size: '700x300' })
  blue = await paint(studio.at('blue.png'), { size: '30x20', colour: 'blue' })
})
afterAll(() => studio[Symbol.asyncDispose]())

const JPEG = { 'content-type': 'image/jpeg' }
const PNG = { 'content-type': 'image/png' }
const upload = async (file = 'plain.flac') => studio.api.upload(file, await readFile(studio.at(file)))
const call = (id: string, init: RequestInit = {}) => studio.api.call(`uploads/${id}/artwork`, init)
const put = (id: string, body: Buffer<ArrayBuffer>, headers: Record<string, string>) =>
  call(id, { method: 'PUT', body, headers })
const shown = async (id: string) =>
  look(studio.at('seen.jpg'), Buffer.from(await (await call(id)).arrayBuffer()))
const digest = (picture: Buffer) => createHash('md5').update(picture).digest('hex')

test('a cover that was sent is shown instead of the embedded one, until it is replaced or taken away', async () => {
  await attach(studio.at('plain.flac'), studio.at('red.jpg'), studio.at('covered.flac'))
  const id = await upload('covered.flac')
  expect(await shown(id)).toMatchObject({ width: 512, height: 219 })
  expect((await put(id, blue, PNG)).status).toBe(204)
  const own = await call(id)
  expect(own.headers.get('content-type')).toBe('image/jpeg')
  const found = await shown(id)
  expect(found).toMatchObject({ codec_name: 'mjpeg', width: 30, height: 20 })
  expect(isRed(found.colour)).toBe(false)
  const embedded = await studio.api.call(`uploads/${id}/artwork?embedded=true`)
  const picture = Buffer.from(await embedded.arrayBuffer())
  expect(await look(studio.at('seen.jpg'), picture)).toMatchObject({ width: 512, height: 219 })
  expect((await studio.api.findUpload(id)).cover).toEqual({ mimeType: 'image/png', size: blue.length })
  expect((await put(id, red, JPEG)).status).toBe(204)
  expect(isRed((await shown(id)).colour)).toBe(true)
  await put(id, blue, PNG)
  const removed = [await call(id, { method: 'DELETE' }), await call(id, { method: 'DELETE' })]
  expect(removed.map(({ status }) => status)).toEqual([204, 204])
  expect(await shown(id)).toMatchObject({ width: 512, height: 219 })
  expect((await studio.api.findUpload(id)).cover).toBeUndefined()
})

test('all of them go with the upload', async () => {
  const id = await upload()
  await put(id, red, JPEG)
  await put(id, blue, PNG)
  await studio.api.call(`uploads/${id}`, { method: 'DELETE' })
  expect((await contentsOf(studio.stores)).keys.filter((key) => key.includes(id))).toEqual([])
  expect((await problem(await put(id, red, JPEG))).code).toBe('upload-not-ready')
})

test('what is no cover is refused with its reason, and what was there stays', async () => {
  const id = await upload()
  await put(id, blue, PNG)
  const refused = async (bytes: Buffer<ArrayBuffer>, headers: Record<string, string>) => {
    const { httpStatus, code } = await problem(await put(id, bytes, headers))
    return [httpStatus, code]
  }
  expect(await refused(blue, JPEG)).toEqual([422, 'invalid-artwork'])
  expect(await refused(red, PNG)).toEqual([422, 'invalid-artwork'])
  expect(await refused(Buffer.from('<svg/>'), JPEG)).toEqual([422, 'invalid-artwork'])
  expect(await refused(Buffer.from('#EXTM3U\nfile:///etc/passwd'), PNG)).toEqual([422, 'invalid-artwork'])
  const rotten = Buffer.concat([blue, Buffer.alloc(1000)])
  expect(await refused(rotten, PNG)).toEqual([422, 'invalid-artwork'])
  const cut = red.subarray(0, red.length / 2)
  expect(await refused(cut, JPEG)).toEqual([422, 'invalid-artwork'])
  expect(await refused(Buffer.alloc(0), PNG)).toEqual([422, 'invalid-artwork'])
  const huge = await paint(studio.at('huge.png'), { size: '9000x9000', flags: ['-pix_fmt', 'monob'] })
  expect(await refused(huge, PNG)).toEqual([422, 'invalid-artwork'])
  expect(await refused(red, { 'content-type': 'image/gif' })).toEqual([415, 'unsupported-media-type'])
  expect(await refused(red, {})).toEqual([415, 'unsupported-media-type'])
  expect(await shown(id)).toMatchObject({ width: 30, height: 20 })
  expect((await problem(await put(newId(), red, JPEG))).code).toBe('upload-not-found')
  const open = await studio.api.createUpload('open.wav', 10)
  expect((await problem(await put(open.id, red, JPEG))).code).toBe('upload-not-ready')
})

test.each([
  [`Content-Length: ${10 * MiB + 1}`, 413, 'artwork-too-large'],
  ['Transfer-Encoding: chunked', 411, 'length-required'],
])('a cover with %s is refused before a byte of it has come', async (header, status, code) => {
  const id = await upload()
  const { hostname, port } = new URL(studio.url)
  const socket = connect(Number(port), hostname)
  const head = [`PUT /api/uploads/${id}/artwork HTTP/1.1`, `Host: ${hostname}`, 'Content-Type: image/jpeg']
  socket.write([...head, header, '', ''].join('\r\n'))
  const [first] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  expect(first.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status}[^]*"code":"${code}"`))
})

test('a sender that leaves in the middle leaves nothing', async () => {
  const id = await upload()
  const { hostname, port } = new URL(studio.url)
  const socket = connect(Number(port), hostname)
  const head = [`PUT /api/uploads/${id}/artwork HTTP/1.1`, `Host: ${hostname}`, 'Content-Type: image/jpeg']
  socket.write([...head, `Content-Length: ${red.length}`, '', ''].join('\r\n'))
  await new Promise<void>((resolve) => socket.write(red.subarray(0, 100), () => resolve()))
  socket.destroy()
  await once(socket, 'close')
  expect((await put(id, blue, PNG)).status).toBe(204)
  const keys = (await contentsOf(studio.stores)).keys.filter((key) => key.includes(`${id}/cover`))
  expect(keys.every((key) => key.includes('.png'))).toBe(true)
})

test('a result carries the cover that was sent, byte for byte', async () => {
  const id = await upload()
  await put(id, blue, PNG)
  const { file, job } = await studio.make({ uploadId: id, format: 'mp3', options: { artwork: 'uploaded' } })
  expect((await readTagged(file)).cover).toBe(digest(blue))
  expect(job.changes.filter(({ what }) => what === 'artwork')).toEqual([])
})

test('all formats that offer a cover are tested with one', async () => {
  const { formats } = await json<FormatsView>(await studio.api.call('formats'))
  const covered = formats.filter(({ options }) => 'artwork' in options).map(({ id }) => id)
  expect(covered.sort()).toEqual([...COVERED].sort())
})

test('where none was sent, or the format takes none, the job is refused', async () => {
  const id = await upload()
  const refused = async (format: string) =>
    problem(await studio.api.post('jobs', { uploadId: id, format, options: { artwork: 'uploaded' } }))
  expect(await refused('mp3')).toMatchObject({ httpStatus: 422, code: 'invalid-option', option: 'artwork' })
  await put(id, red, JPEG)
  await call(id, { method: 'DELETE' })
  expect(await refused('mp3')).toMatchObject({ code: 'invalid-option', option: 'artwork' })
  await put(id, red, JPEG)
  expect(await refused('wav')).toMatchObject({ code: 'invalid-option', option: 'artwork' })
})

test('joined files have the cover of the first one', async () => {
  const [first, second] = [await upload(), await upload()]
  await put(second, red, JPEG)
  const request = { uploadIds: [first, second], format: 'mp3', options: { artwork: 'uploaded' } }
  expect((await problem(await studio.api.post('jobs', request))).code).toBe('invalid-option')
  await put(first, blue, PNG)
  const { file } = await studio.make(request)
  expect((await readTagged(file)).cover).toBe(digest(blue))
})

test('a job has the cover that was there when it was asked for, whatever came of that until it runs', async () => {
  await using stores = await startStores()
  const start = (role: string) =>
    startProgram({ dataDir: path.join(stores.folder, role), env: { ...stores.env, ROLE: role } })
  await using front = await start('api')
  const api = createApi(front.url)
  const send = (id: string, init: RequestInit) => api.call(`uploads/${id}/artwork`, init)
  const uploadId = await api.upload('plain.flac', await readFile(studio.at('plain.flac')))
  const jobs: [JobView, Buffer][] = []
  for (const [body, headers] of [
    [red, JPEG],
    [blue, PNG],
  ] as const) {
    await send(uploadId, { method: 'PUT', body, headers })
    const request = { uploadId, format: 'mp3', options: { artwork: 'uploaded' } }
    jobs.push([await json<JobView>(await api.post('jobs', request), 202), body])
  }
  await send(uploadId, { method: 'DELETE' })
  await using worker = await start('worker')
  expect((await fetch(`${worker.url}/api/health/live`)).status).toBe(200)
  for (const [{ id }, picture] of jobs) {
    await api.done(id)
    expect((await api.result(id)).includes(picture)).toBe(true)
  }
})
