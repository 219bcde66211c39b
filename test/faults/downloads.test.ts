import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi, type Api } from '../support/api.ts'
import { wavOf } from '../support/audio.ts'
import { startStores } from '../support/embedded.ts'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { startProgram } from '../support/program.ts'
import { unzip } from '../support/unzip.ts'

/** 21 MB: more than every socket and stream on the way hold. */
const SECONDS = 120

const opened = new AsyncDisposableStack()
let s3: FaultProxy
let api: Api
let song: Buffer
let jobId = ''

beforeAll(async () => {
  const stores = opened.use(await startStores())
  s3 = opened.use(await startFaultProxy(stores.endpoints.s3))
  const env = { ...stores.env, S3_ENDPOINT: s3.url }
  const program = opened.use(await startProgram({ dataDir: path.join(stores.folder, 'data'), env }))
  api = createApi(program.url)
  const uploadId = await api.upload('song.wav', await wavOf(SECONDS))
  jobId = (await api.convert(uploadId, 'wav')).id
  await api.done(jobId)
  song = await api.result(jobId)
})
afterAll(() => opened.disposeAsync())

/** Reads an answer to its end; the connections to S3 are cut whenever so many bytes have come. */
async function readOverCuts(answer: Response, everyBytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let untilCut = everyBytes
  for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
    pieces.push(piece)
    untilCut -= piece.length
    if (untilCut > 0) continue
    s3.cut()
    untilCut = everyBytes
  }
  return Buffer.concat(pieces)
}

const EVERY_BYTES = 4_000_000

test('a download goes on when its connection to S3 ends in the middle, as paused ones do', async () => {
  expect(song.length).toBeGreaterThan(4 * EVERY_BYTES)
  const whole = await readOverCuts(await api.call(`jobs/${jobId}/result`), EVERY_BYTES)
  expect(whole.equals(song)).toBe(true)
})

test('so does a range of it', async () => {
  const headers = { range: 'bytes=1000-15999999' }
  const answer = await api.call(`jobs/${jobId}/result`, { headers })
  expect(answer.status).toBe(206)
  expect((await readOverCuts(answer, EVERY_BYTES)).equals(song.subarray(1000, 16_000_000))).toBe(true)
})

test('so does a zip', async () => {
  const zip = await readOverCuts(await api.call(`results.zip?jobId=${jobId}`), EVERY_BYTES)
  const [file] = await unzip(zip)
  expect(file?.bytes.equals(song)).toBe(true)
})

test('a store that is gone cuts the download: never fewer bytes that look like all of them', async () => {
  const answer = await api.call(`jobs/${jobId}/result`)
  await s3.refuse()
  await expect(answer.arrayBuffer()).rejects.toThrow()
  await s3.restore()
})
