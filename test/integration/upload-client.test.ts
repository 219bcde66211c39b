import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { fetchTransport, startUpload, UploadFailed, type UploadOptions } from '../../src/client/index.ts'
import type { JobView } from '../../src/contract/index.ts'
import { MiB } from '../../src/kernel/units.ts'
import { createApi, json } from '../support/api.ts'
import { wavOf } from '../support/audio.ts'
import { startService, type TurnedService } from '../support/service.ts'
import { contentsOf } from '../support/stores.ts'

const PART = 5 * MiB

let song: Buffer<ArrayBuffer>
beforeAll(async () => {
  song = await wavOf(155) // 27 MB: six parts
})

const fileOf = (bytes: Buffer<ArrayBuffer>) => Object.assign(new Blob([bytes]), { name: 'song.wav' })

/** The client against the real thing, noting which parts go over the wire. */
function clientOf(running: TurnedService, bytes = song) {
  const sent: number[] = []
  const start = (options: Partial<UploadOptions> = {}) =>
    startUpload(fileOf(bytes), {
      baseUrl: `${running.url}/`,
      transport: (request) => {
        const [, part = ''] = /(?:parts\/|partNumber=)(\d+)/.exec(request.url) ?? []
        sent.push(Number(part))
        return fetchTransport(request)
      },
      ...options,
    })
  return { start, sent }
}

/** Resolves with the upload's id once so many parts are stored; the upload is then stopped where it stands. */
async function leaveAfter(parts: number, { start }: ReturnType<typeof clientOf>): Promise<string> {
  let uploadId = ''
  let stored = 0
  await new Promise<void>((resolve) => {
    const upload = start({
      on: {
        state: (_step, known) => (uploadId = known?.id ?? uploadId),
        part: () => {
          if (++stored < parts) return
          upload.pause() // as a page that is closed: it never goes on
          resolve()
        },
      },
    })
  })
  return uploadId
}

describe.each(['proxy', 'direct'])('by %s transport', (transport) => {
  const serve = () => startService({ UPLOAD_TRANSPORT: transport, PART_SIZE_MIB: '5' })

  test('a file goes up once and can be converted', async () => {
    await using running = await serve()
    const { start, sent } = clientOf(running)
    const { id, media } = await start().finished
    expect(media).toMatchObject({ container: 'wav', durationMs: 155_000 })
    expect(sent.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6])
    const api = createApi(running.url)
    const job = await json<JobView>(await api.post('jobs', { uploadId: id, format: 'flac' }), 202)
    await api.done(job.id)
  })

  test('what a closed page left is taken up with what is missing, if the file is the same', async () => {
    await using running = await serve()
    const client = clientOf(running)
    const resumeId = await leaveAfter(4, client)
    const { received } = await createApi(running.url).findUpload(resumeId)
    const other = Buffer.concat([randomBytes(PART), song.subarray(PART)])
    const otherFile = await clientOf(running, other)
      .start({ resumeId })
      .finished.catch((error: unknown) => error)
    expect(otherFile).toBeInstanceOf(UploadFailed)
    expect(otherFile).toMatchObject({ code: 'file-changed' })

    const before = client.sent.length
    expect((await client.start({ resumeId }).finished).id).toBe(resumeId)
    const again = client.sent.slice(before)
    expect(received).toContain('1')
    expect(again).not.toContain(1)
    expect(again.length).toBeLessThanOrEqual(6 - 4)
  })

  test('an upload that is paused goes on, and one that is cancelled leaves nothing in S3', async () => {
    await using running = await serve()
    const { start } = clientOf(running)
    let parts = 0
    const upload = start({
      on: {
        part: () => {
          if (++parts === 2) upload.pause()
        },
        state: (step) => {
          if (step === 'paused') upload.resume()
        },
      },
    })
    await upload.finished
    const cancelled = start({ on: { part: () => cancelled.cancel() } })
    await expect(cancelled.finished).rejects.toThrow()
    const { keys, multipartIds } = await contentsOf(running.stores)
    expect(keys).toHaveLength(1)
    expect(multipartIds).toEqual([])
  })
})
