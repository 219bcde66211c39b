import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Problem } from '../../src/contract/index.ts'
import { json } from '../support/api.ts'
import { openStudio, type Studio } from '../support/studio.ts'
import { tone } from '../support/take.ts'

let studio: Studio
beforeAll(async () => {
  studio = await openStudio({ MAX_DURATION_MS: '60000' })
})
afterAll(() => studio[Symbol.asyncDispose]())

describe.concurrent('nothing is queued, and all that is wrong is told, when', () => {
  const refused = async (request: object, status: number) => {
    const problem = await json<Problem>(await studio.api.post('jobs', request), status)
    expect(await studio.countJobs(uploadId)).toBe(0)
    return problem
  }
  let uploadId = ''
  beforeAll(async () => {
    uploadId = await studio.take('refused.wav', { seconds: 2, voices: [tone(300, 0.5)] })
  })

  test('an upload does not exist', async () => {
    const gone = 'nothing'
    const problem = await refused({ uploadIds: [uploadId, gone], format: 'mp3' }, 404)
    expect(problem).toMatchObject({ code: 'upload-not-found', uploadId: gone })
  })

  test('an upload is not finished', async () => {
    const { id } = await studio.api.createUpload('half.wav', 100)
    const problem = await refused({ uploadIds: [uploadId, id], format: 'mp3' }, 409)
    expect(problem).toMatchObject({ code: 'upload-not-ready', uploadId: id })
  })

  test('all together would last too long', async () => {
    const problem = await refused(
      { uploadIds: Array.from({ length: 31 }, () => uploadId), format: 'mp3' },
      422,
    )
    expect(problem).toMatchObject({ code: 'too-long' })
  })

  test('a crossfade is longer than half a file', async () => {
    const request = { uploadIds: [uploadId, uploadId], format: 'mp3', options: { crossfadeMs: 1001 } }
    const problem = await refused(request, 422)
    expect(problem).toMatchObject({ code: 'invalid-option', option: 'crossfadeMs' })
    expect(problem.detail).toContain('"refused.wav"')
  })

  test('there is only one file to fade into none', async () => {
    const problem = await refused({ uploadId, format: 'mp3', options: { crossfadeMs: 100 } }, 422)
    expect(problem).toMatchObject({ code: 'invalid-option', option: 'crossfadeMs' })
  })

  test.each([
    ['one', 1],
    ['more than a hundred', 101],
  ])('there is %s to join', async (_, length) => {
    const problem = await refused({ uploadIds: Array.from({ length }, () => uploadId), format: 'mp3' }, 400)
    expect(problem.code).toBe('invalid-request')
  })
})
