import { afterAll, beforeAll, expect, test } from 'vitest'
import { MiB } from '../../src/kernel/units.ts'
import { createApi, json, type Api } from '../support/api.ts'
import { startProgram, type Program } from '../support/program.ts'
import { wavHeader } from '../support/wav.ts'
import { useSetting } from './setting.ts'
import { openUppyPage, type UppyMajor, type UppyPage } from './uppy-page.ts'

const started = new AsyncDisposableStack()
const setting = useSetting()
let direct: Program
let api: Api
beforeAll(async () => {
  direct = started.use(await startProgram({ env: { UPLOAD_TRANSPORT: 'direct' } }))
  api = createApi(setting.url())
})
afterAll(() => started.disposeAsync())

/** Three parts as Uppy cuts them: 5, 5 and 1 MiB. */
const SIZE = 11 * MiB

const file = { head: [...wavHeader(SIZE)], sizeBytes: SIZE }

const ended = async (uppy: UppyPage) => {
  await expect
    .poll(async () => (await uppy.report()).body ?? (await uppy.report()).error, { timeout: 60_000 })
    .toBeDefined()
  return uppy.report()
}

const majors: UppyMajor[] = [5, 6]

test.each(majors)(
  'Uppy %i sends a file in parts, and what it gets is an upload like any other',
  async (major) => {
    await using uppy = await openUppyPage(setting.browser(), setting.url(), major)
    await uppy.start('/api/uppy', file)
    const { body, parts, error } = await ended(uppy)
    expect(error).toBeUndefined()
    expect([...parts].sort()).toEqual([1, 2, 3])
    const uploadId = body?.key ?? ''
    expect(body?.location).toBe(`${setting.url()}/api/uploads/${uploadId}`)
    expect(await api.findUpload(uploadId)).toMatchObject({
      ...{ state: 'ready', name: 'tone.wav', size: SIZE, partSize: 5 * MiB, received: '1-3' },
      media: { container: 'wav', sampleRateHz: 48_000 },
    })
    const job = await api.convert(uploadId, 'flac')
    await api.done(job.id)
  },
)

test.each(majors)('Uppy %i sends the one file that its path names', async (major) => {
  await using uppy = await openUppyPage(setting.browser(), setting.url(), major)
  const { id } = await api.createUpload('named.wav', SIZE)
  await uppy.start(`/api/uploads/${id}`, file)
  expect((await ended(uppy)).body?.key).toBe(id)
  expect(await api.findUpload(id)).toMatchObject({ state: 'ready', name: 'named.wav' })
})

test.each(majors)('Uppy %i goes on after a pause, with what is missing', async (major) => {
  await using uppy = await openUppyPage(setting.browser(), setting.url(), major)
  let held = 0
  await uppy.page.route(`${setting.url()}/api/uploads/*/parts/2`, async (route) => {
    held += 1
    if (held > 1) await route.continue()
  })
  await uppy.start('/api/uppy', file)
  await expect.poll(() => held).toBe(1)
  await expect.poll(async () => (await uppy.report()).parts).toContain(1)
  await uppy.call('pauseAll()')
  await uppy.call('resumeAll()')
  const { body, parts, error } = await ended(uppy)
  expect(error).toBeUndefined()
  expect([...parts].sort()).toEqual([1, 2, 3])
  expect(await api.findUpload(body?.key ?? '')).toMatchObject({ state: 'ready' })
})

test.each(majors)('a file that is taken out of Uppy %i is cancelled', async (major) => {
  await using uppy = await openUppyPage(setting.browser(), setting.url(), major)
  const { id } = await api.createUpload('cancelled.wav', SIZE)
  await uppy.page.route(`${setting.url()}/api/uploads/*/parts/2`, () => undefined)
  await uppy.start(`/api/uploads/${id}`, file)
  await expect.poll(async () => (await uppy.report()).parts).toContain(1)
  await uppy.call('cancelAll()')
  await expect.poll(async () => (await api.findUpload(id)).state).toBe('aborted')
})

test.each(majors)('Uppy %i sends parts straight to S3 where the service says so', async (major) => {
  await using uppy = await openUppyPage(setting.browser(), direct.url, major)
  const toS3: string[] = []
  uppy.page.on('request', (request) => {
    if (request.method() === 'PUT') toS3.push(new URL(request.url()).origin)
  })
  await uppy.start('/api/uppy', file)
  const { body, error } = await ended(uppy)
  expect(error).toBeUndefined()
  expect(toS3).toHaveLength(3)
  expect(toS3).not.toContain(direct.url)
  const found = await fetch(`${direct.url}/api/uploads/${body?.key ?? ''}`)
  expect(await json(found)).toMatchObject({ state: 'ready', received: '1-3' })
})
