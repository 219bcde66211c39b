import { ApiProblem } from './api-problem.ts'
import { access } from './access/index.ts'
import { addressOf, jobIdsQuery, jobPath, placePath, uploadPath, type SoundPlace } from './addresses.ts'
import type { FormatsView } from '../../src/contract/formats.ts'
import type { JobRequest, JobView, ProgressView } from '../../src/contract/jobs.ts'
import type { CompleteView, UploadView } from '../../src/contract/uploads.ts'
import type { WaveformView } from '../../src/contract/waveform.ts'

/** Where the server's root is: the folder the page lies in. */
export const serverRoot = new URL('./', document.baseURI).href

async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string>), ...access.headers() }
  const response = await fetch(new URL(path, serverRoot), { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted) throw error
    throw new ApiProblem(0, 'unreachable', 'The server cannot be reached')
  })
  if (response.ok) return response
  if (response.status === 401) access.forget()
  const body: unknown = await response.json().catch(() => null)
  const { code, detail } = (body ?? {}) as { code?: string; detail?: string }
  throw new ApiProblem(
    response.status,
    code ?? (response.status < 500 ? 'refused' : 'unreachable'),
    detail ?? `The server answered ${response.status}`,
    retryAfterMs(response),
  )
}

function retryAfterMs({ headers }: Response): number | undefined {
  const seconds = Number(headers.get('Retry-After') ?? NaN)
  return Number.isNaN(seconds) ? undefined : seconds * 1000
}

const call = async (path: string, init?: RequestInit): Promise<unknown> =>
  (await request(path, init)).json().catch(() => null)

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

export const fetchFormats = async (signal: AbortSignal) =>
  (await call('api/formats', { signal })) as FormatsView

export const fetchProgress = async (jobId: string, signal: AbortSignal) =>
  (await call(`api/progress?${jobIdsQuery([jobId])}`, { signal })) as ProgressView

export const fetchJob = async (jobId: string, signal: AbortSignal) =>
  (await call(jobPath(jobId), { signal })) as JobView

/** The key makes a request that is sent twice one job. */
export const createJob = async (job: JobRequest, key: string) =>
  (await post('api/jobs', job, { 'Idempotency-Key': key })) as JobView

export const cancelJob = async (jobId: string) => (await post(jobPath(jobId, '/cancel'), {})) as JobView
export const retryJob = async (jobId: string) => (await post(jobPath(jobId, '/retry'), {})) as JobView

export const removeJob = (jobId: string) => gone(request(jobPath(jobId), { method: 'DELETE' }))
export const removeUpload = (uploadId: string) => gone(request(uploadPath(uploadId), { method: 'DELETE' }))

/** What is not there any more is as good as removed. */
async function gone(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (!(error instanceof ApiProblem && (error.status === 404 || error.status === 410))) throw error
  })
}

export const fetchLog = async (jobId: string, signal: AbortSignal) =>
  (await request(jobPath(jobId, '/log'), { signal })).text()

/** An upload as it is; one that has all its bytes is completed by asking. */
export async function lookAtUpload(
  uploadId: string,
): Promise<Pick<UploadView, 'state' | 'progress' | 'media'>> {
  const view = (await call(uploadPath(uploadId))) as UploadView
  if (view.state === 'ready' || view.bytesReceived < view.size) return view
  const { state, media } = (await post(uploadPath(uploadId, '/complete'), {})) as CompleteView
  return { state, media, progress: 100 }
}

/** The picture of a sound; undefined while the server makes it. */
export async function fetchWaveform(place: SoundPlace, points: number, signal: AbortSignal) {
  const response = await request(`${placePath(place, '/waveform')}?points=${points}`, { signal })
  return response.status === 202 ? undefined : ((await response.json()) as WaveformView)
}

/** Resolves with the address of the sound in a form every browser plays, once the server has made it. */
export async function previewUrl(place: SoundPlace, signal: AbortSignal): Promise<string> {
  for (;;) {
    const response = await request(placePath(place, '/preview'), { method: 'HEAD', signal })
    if (response.status !== 202) return addressOf(placePath(place, '/preview'))
    await wait(retryAfterMs(response) ?? 1000, signal)
  }
}

const wait = (ms: number, signal: AbortSignal) =>
  new Promise((resolve, reject) => {
    setTimeout(resolve, ms)
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })

/** Sends a cover for what is made of an upload. */
export const putArtwork = (uploadId: string, picture: File) =>
  request(uploadPath(uploadId, '/artwork'), {
    method: 'PUT',
    headers: { 'Content-Type': picture.type },
    body: picture,
  })
