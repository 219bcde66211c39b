import type { FormatsView } from '../../src/contract/formats.ts'
import type { JobRequest, JobView, ProgressView } from '../../src/contract/jobs.ts'

/** Where the server's root is: the folder the page lies in. */
export const serverRoot = new URL('./', document.baseURI).href

/** An answer that is not the one hoped for. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  /** The problem's `code`; `unreachable` or `refused` where the answer was none of the server's. */
  readonly code: string
  readonly retryAfterMs: number | undefined

  constructor(status: number, code: string, detail: string, retryAfterMs?: number) {
    super(detail)
    this.status = status
    this.code = code
    this.retryAfterMs = retryAfterMs
  }

  /** Whether the same request may go well later. */
  get mayHeal(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

async function call(path: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(new URL(path, serverRoot), init).catch((error: unknown) => {
    if (init.signal?.aborted) throw error
    throw new ApiProblem(0, 'unreachable', 'The server cannot be reached')
  })
  const body: unknown = await response.json().catch(() => null)
  if (response.ok) return body
  const { code, detail } = (body ?? {}) as { code?: string; detail?: string }
  const seconds = Number(response.headers.get('Retry-After') ?? NaN)
  throw new ApiProblem(
    response.status,
    code ?? (response.status < 500 ? 'refused' : 'unreachable'),
    detail ?? `The server answered ${response.status}`,
    Number.isNaN(seconds) ? undefined : seconds * 1000,
  )
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

export const fetchFormats = async (signal: AbortSignal) =>
  (await call('api/formats', { signal })) as FormatsView

export const fetchProgress = async (jobId: string, signal: AbortSignal) =>
  (await call(`api/progress?jobId=${encodeURIComponent(jobId)}`, { signal })) as ProgressView

export const fetchJob = async (jobId: string, signal: AbortSignal) =>
  (await call(`api/jobs/${encodeURIComponent(jobId)}`, { signal })) as JobView

/** The key makes a request that is sent twice one job. */
export const createJob = async (request: JobRequest, key: string) =>
  (await post('api/jobs', request, { 'Idempotency-Key': key })) as JobView

export const cancelJob = (jobId: string) => post(`api/jobs/${encodeURIComponent(jobId)}/cancel`, {})

/** Relative, so that it works below any path. */
export const resultUrl = (jobId: string) => `./api/jobs/${encodeURIComponent(jobId)}/result`
