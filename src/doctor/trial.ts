import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { crc32Hex } from '../kernel/crc32-hex.ts'
import { idForRequest } from '../kernel/idempotency.ts'
import { newId } from '../kernel/ids.ts'
import { MINUTE_MS, SECOND_MS } from '../kernel/units.ts'
import type { Snapshot } from '../progress/index.ts'
import type { Features, Patient } from './patient.ts'
import { tone } from './tone.ts'

/**
 * So much of 8 kHz sound takes about 3 seconds to become FLAC of 96 kHz with the hardest compression (measured on one
 * core of 2.5 GHz): long enough for rows of progress, which come once a second, and 2 MB to send.
 */
export const SOUND_SECONDS = 120
const PREFERRED = { format: 'flac', options: { sampleRateHz: 96_000, compressionLevel: 12 } }

/** From the queue to the end, on a machine that is slow and busy. */
const PATIENCE_MS = 3 * MINUTE_MS
/** Several looks for each row that is written. */
const LOOK_EVERY_MS = SECOND_MS / 5
/** A worker hears of a cancel by its page, which it reads at least every two seconds. */
const CANCELLED_WITHIN_MS = 20 * SECOND_MS

type Job = NonNullable<Awaited<ReturnType<Features['jobs']['find']>>>

/** A conversion that came to an end. */
export type Trial = {
  job: Job
  format: string
  /** Rows of progress, as they were read while the job ran; each differs from the one before. */
  snapshots: readonly Snapshot[]
  /** Milliseconds from the start of the lease to its end. */
  tookMs: number
  /** Whether the doctor ran it. */
  isOwn: boolean
  /** What came of the result when it was fetched. */
  resultBytes: number
}

/** Uploads a sound, has it converted, and fetches the result, each as a client would. Throws what the features throw. */
export async function runTrial(patient: Patient, signal: AbortSignal): Promise<Trial> {
  const features = patient.wire(patient.config.get(), patient.stores.get(), signal)
  const pages = features.page.run()
  patient.traces.add('own worker', async () => {
    await features.worker.stop({ withinMs: SECOND_MS })
    await pages
    await features.folders.close()
    return patient.rows.get().removePage(features.workerId)
  })
  const uploadId = await upload(patient, features, tone(SOUND_SECONDS), signal)
  const { format, options } = wishFor(features)
  const requester = newRequester()
  const jobId = idForRequest('job', requester)
  patient.traces.add('job', () => removeJob(patient, features, jobId))
  await features.conversions.request({ uploadId, format, options }, requester)
  const followed = await follow(patient, features, jobId, signal)
  const { job } = followed
  const tookMs = job.updatedAt - (job.startedAt ?? job.createdAt)
  const resultBytes = job.state === 'done' ? await fetchResult(features, jobId) : 0
  return { ...followed, format, tookMs, resultBytes }
}

/** With a key, the id is known before anything is written under it. */
const newRequester = () => ({ idempotencyKey: newId() })

/** Formats are there that this build of FFmpeg can make: any will do, where FLAC is not among them. */
function wishFor({ formats }: Features): { format: string; options: Record<string, number> } {
  if (formats.some(({ id }) => id === PREFERRED.format)) return PREFERRED
  const [any] = formats
  if (!any) throw new Error('This FFmpeg makes no format.')
  return { format: any.id, options: {} }
}

async function upload(
  patient: Patient,
  { uploads }: Features,
  bytes: Buffer<ArrayBuffer>,
  signal: AbortSignal,
): Promise<string> {
  const requester = newRequester()
  const uploadId = idForRequest('upload', requester)
  patient.traces.add('upload', async () => {
    await uploads.remove(uploadId)
    await patient.rows.get().removeUpload(uploadId)
  })
  const { session } = await uploads.create({ name: 'tapedeck-doctor.wav', size: bytes.length }, requester)
  const { partSize, partCount } = session
  for (let part = 1; part <= partCount; part++) {
    const piece = bytes.subarray((part - 1) * partSize, part * partSize)
    await sendPart(uploads, { uploadId, part, piece }, signal)
  }
  await uploads.complete(uploadId, crc32Hex(crc32(bytes)))
  return uploadId
}

type Piece = { uploadId: string; part: number; piece: Buffer<ArrayBuffer> }

/** To where the service says: through it, or straight to S3. */
async function sendPart(
  uploads: Features['uploads'],
  { uploadId, part, piece }: Piece,
  signal: AbortSignal,
): Promise<void> {
  const crc = crc32Hex(crc32(piece))
  const { targets } = await uploads.targets(uploadId, { want: [{ part, crc32: crc }] })
  const [target] = targets
  if (target?.url === undefined) {
    const incoming = { part, body: Readable.from([piece]), contentLength: piece.length, crc32: crc }
    await uploads.receivePart(uploadId, { ...incoming, client: newId() })
    return
  }
  const answer = await fetch(target.url, { method: 'PUT', headers: target.headers, body: piece, signal })
  if (!answer.ok) throw new Error(`S3 answered a part that was sent straight to it with ${answer.status}.`)
}

/** Reads the job and the page of its worker until the job has ended. Lets nobody take it for some time, then takes it itself. */
async function follow(
  { clock, stores, waitForWorkersMs }: Patient,
  { jobs, pages, worker, workerId }: Features,
  jobId: string,
  signal: AbortSignal,
): Promise<Pick<Trial, 'job' | 'snapshots' | 'isOwn'>> {
  const snapshots: Snapshot[] = []
  const begunAt = clock.now()
  const patienceMs = stores.get().exclusive ? 0 : waitForWorkersMs
  let isOwn = false
  while (clock.now() - begunAt < patienceMs + PATIENCE_MS) {
    signal.throwIfAborted()
    const job = await jobs.find(jobId)
    if (!job) throw new Error('The job is gone: somebody deleted it.')
    if (job.state === 'queued' && clock.now() - begunAt >= patienceMs) worker.offer(job)
    if (job.state === 'running' && job.owner !== undefined) {
      isOwn = job.owner === workerId
      const line = (await pages.read(job.owner))?.jobs[jobId]
      if (line && line.fence === job.fence && line.at !== snapshots.at(-1)?.at) snapshots.push(line)
    }
    if (job.state !== 'queued' && job.state !== 'running') return { job, snapshots, isOwn }
    await clock.sleep(LOOK_EVERY_MS, signal)
  }
  throw new Error(`The job had not ended ${PATIENCE_MS / MINUTE_MS} minutes after it was queued.`)
}

async function fetchResult({ conversions }: Features, jobId: string): Promise<number> {
  const { body } = await conversions.openResult(await conversions.findResult(jobId), undefined)
  let bytes = 0
  for await (const chunk of body) bytes += (chunk as Buffer).length
  return bytes
}

/** Ends the job, whoever has it, and removes it with what it made. */
async function removeJob(
  { clock, rows }: Patient,
  { jobs, conversions }: Features,
  jobId: string,
): Promise<boolean> {
  const isUnderWay = async () => {
    const state = (await jobs.find(jobId))?.state
    return state === 'queued' || state === 'running'
  }
  const begunAt = clock.now()
  while (await isUnderWay()) {
    // It may end by itself at this very moment, which the next look tells.
    await conversions.cancel(jobId).catch(() => undefined)
    if (clock.now() - begunAt > CANCELLED_WITHIN_MS) break
    await clock.sleep(LOOK_EVERY_MS)
  }
  await conversions.remove(jobId)
  return rows.get().removeJob(jobId)
}
