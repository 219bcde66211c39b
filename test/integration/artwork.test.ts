import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { problem } from '../support/api.ts'
import { attach, isRed, look, paint, type Painted } from '../support/pictures.ts'
import { contentsOf } from '../support/stores.ts'
import { openStudio, type Studio } from '../support/studio.ts'
import { tone } from '../support/take.ts'

let studio: Studio
beforeAll(async () => {
  studio = await openStudio()
  await studio.take('plain.wav', { seconds: 1, voices: [tone(300, 0.2)] })
})
afterAll(() => studio[Symbol.asyncDispose]())

/** Uploads a sound with such a cover; gives the upload's id. */
async function upload(name: string, kind: string, painted: Painted, flags: string[] = []): Promise<string> {
  const [picture, file] = [studio.at(`${name}.cover.${kind}`), studio.at(name)]
  await paint(picture, painted)
  await attach(studio.at('plain.wav'), picture, file, flags)
  return studio.api.upload(name, await readFile(file))
}

const ask = (id: string, headers: Record<string, string> = {}) =>
  studio.api.call(`uploads/${id}/artwork`, { headers })
const picture = async (id: string) => Buffer.from(await (await ask(id)).arrayBuffer())

test.each([
  ['a.mp3', 'png', []],
  ['a.mp3', 'jpg', []],
  ['a.m4a', 'jpg', ['-c:a', 'aac', '-f', 'ipod']],
  ['a.flac', 'png', []],
  ['a.mp3', 'gif', []],
  ['a.aiff', 'png', ['-write_id3v2', '1']],
])('a cover in %s, as %s, is a JPEG of at most 512 pixels', async (name, kind, flags) => {
  const id = await upload(name, kind, { size: '700x300' }, flags)
  const found = await look(studio.at('seen.jpg'), await picture(id))
  expect(found).toMatchObject({ codec_name: 'mjpeg', width: 512, height: 219 })
  expect(isRed(found.colour)).toBe(true)
})

test('a cover of an Ogg file, which is a tag, is seen, too', async () => {
  const flac = await upload('tagged.flac', 'png', { size: '300x600' })
  for (const format of ['opus', 'vorbis']) {
    const { file } = await studio.make({ uploadId: flac, format })
    const id = await studio.api.upload('a.ogg', await readFile(file))
    const found = await look(studio.at('seen.jpg'), await picture(id))
    expect(found).toMatchObject({ width: 256, height: 512 })
    expect(isRed(found.colour)).toBe(true)
  }
})

test('a small cover is not made larger, and the longest shape of all has a picture', async () => {
  const small = await upload('small.flac', 'png', { size: '40x30' })
  expect(await look(studio.at('seen.jpg'), await picture(small))).toMatchObject({ width: 40, height: 30 })
  const long = await upload('long.flac', 'png', { size: '9000x2' })
  expect(await look(studio.at('seen.jpg'), await picture(long))).toMatchObject({ width: 512, height: 1 })
})

test('it is made once, kept beside the source until that goes, and not sent again to who has it', async () => {
  const id = await upload('kept.flac', 'png', { size: '64x64' })
  const [first, ...others] = await Promise.all(Array.from({ length: 6 }, () => picture(id)))
  for (const other of others) expect(other).toEqual(first)
  const answer = await ask(id)
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'cache-control': 'private, max-age=3600',
    'content-length': `${first?.length}`,
  })
  expect((await ask(id, { 'if-none-match': answer.headers.get('etag') ?? '' })).status).toBe(304)
  const keys = async () => (await contentsOf(studio.stores)).keys.filter((key) => key.includes(id))
  expect(await keys()).toEqual([`uploads/${id}/artwork.jpg`, `uploads/${id}/source`])
  await studio.api.call(`uploads/${id}`, { method: 'DELETE' })
  expect(await keys()).toEqual([])
})

test('nothing of what is written into the cover is in the picture', async () => {
  const [cover, file] = [studio.at('said.jpg'), studio.at('said.flac')]
  const painted = await paint(cover, { size: '64x64' })
  const comment = Buffer.from('<script>alert(1)</script>')
  const segment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, comment.length + 2]), comment])
  const said = Buffer.concat([painted.subarray(0, 2), segment, painted.subarray(2), comment])
  await writeFile(cover, said)
  await attach(studio.at('plain.wav'), cover, file)
  const id = await studio.api.upload('said.flac', await readFile(file))
  expect((await readFile(file)).includes(comment)).toBe(true)
  expect((await picture(id)).includes(comment)).toBe(false)
})

test('where there is no cover the answer is 404 at once, as for an upload that is not there', async () => {
  const id = await studio.api.upload('plain.wav', await readFile(studio.at('plain.wav')))
  expect(await problem(await ask(id))).toMatchObject({ httpStatus: 404, code: 'no-artwork', uploadId: id })
  expect((await problem(await ask(newId()))).code).toBe('upload-not-found')
  const open = await studio.api.createUpload('open.wav', 10)
  expect((await problem(await ask(open.id))).code).toBe('upload-not-ready')
})

test.each([
  ['huge.flac', { size: '9000x9000', flags: ['-pix_fmt', 'monob'] }],
  ['rotten.flac', { size: '64x64' }],
])('a cover that cannot be decoded (%s) is tried once', async (name, painted) => {
  await paint(studio.at(`${name}.png`), painted)
  await attach(studio.at('plain.wav'), studio.at(`${name}.png`), studio.at(name))
  const bytes = await readFile(studio.at(name))
  if (name.startsWith('rotten')) bytes.fill(0x55, bytes.indexOf('IDAT') - 2, bytes.indexOf('IEND'))
  const id = await studio.api.upload(name, bytes)
  expect((await studio.api.findUpload(id)).media?.artwork).toBe(true)
  expect(await problem(await ask(id))).toMatchObject({ httpStatus: 404, code: 'no-artwork' })
  // Without its source nothing could be tried again.
  const { s3, bucket: Bucket } = studio.stores
  await s3.send(new DeleteObjectCommand({ Bucket, Key: `uploads/${id}/source` }))
  expect(await problem(await ask(id))).toMatchObject({ httpStatus: 404, code: 'no-artwork' })
})
