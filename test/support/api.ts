import { crc32 } from 'node:zlib'
import { setTimeout as delay } from 'node:timers/promises'
import type {
  JobView,
  Problem,
  ProgressView,
  UploadProgressView,
  UploadView,
} from '../../src/contract/index.ts'

/** The API as a developer with an HTTP client sees it: nothing here but requests. */
export function createApi(origin: string, always: Record<string, string> = {}) {
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${origin}/api/${path}`, {
      ...init,
      headers: { ...always, ...(init.headers as Record<string, string>) },
    })
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    call(path, {
      method: 'POST',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })

  const api = {
    call,
    post,
    createUpload: async (name: string, size: number) =>
      json<UploadView>(await post('uploads', { name, size }), 201),
    putPart: (
      id: string,
      part: number,
      bytes: Uint8Array<ArrayBuffer>,
      headers: Record<string, string> = {},
    ) => call(`uploads/${id}/parts/${part}`, { method: 'PUT', body: bytes, headers }),
    findUpload: async (id: string) => json<UploadView>(await call(`uploads/${id}`)),
    uploadProgress: async (id: string) =>
      json<UploadProgressView>(await call(`upload-progress?uploadId=${id}`)),
    complete: (id: string, body?: unknown) => post(`uploads/${id}/complete`, body),
    progress: async (id: string) => json<ProgressView>(await call(`progress?jobId=${id}`)),
    findJob: async (id: string) => json<JobView>(await call(`jobs/${id}`)),

    /** Sends a whole file and completes it. */
    async upload(name: string, bytes: Buffer<ArrayBuffer>): Promise<string> {
      const { id, partSize, partCount } = await api.createUpload(name, bytes.length)
      for (let part = 1; part <= partCount; part++)
        await json(await api.putPart(id, part, bytes.subarray((part - 1) * partSize, part * partSize)))
      await json(await api.complete(id, { crc32: hex(crc32(bytes)) }))
      return id
    },

    async convert(uploadId: string, format: string, options?: Record<string, unknown>): Promise<JobView> {
      return json<JobView>(await post('jobs', { uploadId, format, ...(options && { options }) }), 202)
    },

    /** Asks until `enough`; gives every answer it got. */
    async follow(jobId: string, enough: (view: ProgressView) => boolean): Promise<ProgressView[]> {
      const seen: ProgressView[] = []
      for (;;) {
        const view = await api.progress(jobId)
        seen.push(view)
        if (enough(view)) return seen
        await delay(50)
      }
    },

    /** Follows a job to its end; fails with its error unless it is done. */
    async done(jobId: string): Promise<ProgressView[]> {
      const seen = await api.follow(jobId, ({ state }) => state !== 'queued' && state !== 'running')
      const last = seen.at(-1)
      if (last?.state !== 'done')
        throw new Error(`The job ended ${last?.state ?? '?'}: ${JSON.stringify(last?.error)}`)
      return seen
    },

    result: async (jobId: string) => Buffer.from(await (await call(`jobs/${jobId}/result`)).arrayBuffer()),
  }
  return api
}
export type Api = ReturnType<typeof createApi>

export async function json<Body>(response: Response, status = 200): Promise<Body> {
  const text = await response.text()
  if (response.status !== status)
    throw new Error(`${response.url}: ${response.status}, not ${status}: ${text}`)
  return JSON.parse(text) as Body
}

/** The problem an answer carries; fails when it is none. */
export async function problem(response: Response): Promise<Problem & { httpStatus: number }> {
  const type = response.headers.get('content-type')
  const text = await response.text()
  if (type !== 'application/problem+json') throw new Error(`${response.status} ${type ?? ''}: ${text}`)
  return { ...(JSON.parse(text) as Problem), httpStatus: response.status }
}

export const hex = (crc: number) => crc.toString(16).padStart(8, '0')
