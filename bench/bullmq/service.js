/**
 * A converter's progress path as one would build it with BullMQ: a worker that reports each line of FFmpeg with
 * `job.updateProgress`, and a server that answers polls with `queue.getJob`. Arguments: port of Redis, number of jobs.
 * Writes a line of JSON with its address and the ids of the jobs once all of them run.
 */
import { Queue, Worker } from 'bullmq'
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const LINE_EVERY_MS = 500
const [port, count] = process.argv.slice(2).map(Number)
const connection = { host: '127.0.0.1', port }
const queue = new Queue('conversions', { connection })

const convert = async (job) => {
  for (let percent = 0; ; percent = Math.min(percent + 1, 99)) {
    await job.updateProgress({ percent, speed: 1, etaMs: 4000, phase: 'converting', at: Date.now() })
    await delay(LINE_EVERY_MS)
  }
}
const worker = new Worker('conversions', convert, { connection, concurrency: count })
await worker.waitUntilReady()
const jobs = await queue.addBulk(
  Array.from({ length: count }, () => ({ name: 'convert', data: { format: 'mp3' } })),
)

const server = createServer(async (request, response) => {
  const id = new URL(request.url, 'http://host').searchParams.get('jobId')
  const job = await queue.getJob(id)
  if (!job) return response.writeHead(404).end()
  const state = await job.getState()
  const { at, ...progress } = job.progress
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ jobId: id, state, ...progress, updatedAt: new Date(at).toISOString() }))
})
server.listen(0, '127.0.0.1', async () => {
  while ((await queue.getActiveCount()) < count) await delay(50)
  process.stdout.write(`${JSON.stringify({ port: server.address().port, ids: jobs.map(({ id }) => id) })}\n`)
})
