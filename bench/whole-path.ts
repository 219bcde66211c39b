import { setTimeout as delay } from 'node:timers/promises'
import { createApi, json } from '../test/support/api.ts'

/** A client that follows the contract waits up to a second between polls; this one measures the service, not that. */
const POLL_MS = 200
const PARTS_AT_ONCE = 3

/** One file up, converted to MP3 and down again, as an API client does it; times of the steps in milliseconds. */
export async function convertThroughService(origin: string, song: Buffer<ArrayBuffer>) {
  const api = createApi(origin)
  const marks = [performance.now()]
  const mark = () => marks.push(performance.now())
  const { id, partSize, partCount } = await api.createUpload('source.wav', song.length)
  const parts = Array.from({ length: partCount }, (_, at) => at + 1)
  const sender = async () => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift())
      await json(await api.putPart(id, part, song.subarray((part - 1) * partSize, part * partSize)))
  }
  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, sender))
  mark()
  await json(await api.complete(id))
  mark()
  const job = await api.convert(id, 'mp3')
  for (;;) {
    const { state } = await api.progress(job.id)
    if (state === 'done') break
    if (state === 'failed') throw new Error('The conversion failed.')
    await delay(POLL_MS)
  }
  mark()
  await api.result(job.id)
  mark()
  const [start = 0, sent = 0, completed = 0, converted = 0, end = 0] = marks
  return {
    totalMs: end - start,
    uploadMs: sent - start,
    completeMs: completed - sent,
    jobMs: converted - completed,
    downloadMs: end - converted,
  }
}
