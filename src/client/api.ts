import type {
  CompleteView,
  TargetsRequest,
  TargetsView,
  UploadRequest,
  UploadView,
} from '../contract/uploads.ts'
import { Hiccup } from './failure.ts'
import { judge, replyOf } from './reply.ts'
import type { Retry } from './retry.ts'
import type { Timing } from './timing.ts'
import { watched } from './watchdog.ts'

const ANSWER_WITHIN_MS = 30_000
// The server reads the whole list of parts and then looks at the audio.
const COMPLETE_WITHIN_MS = 120_000

type ApiParts = {
  baseUrl: string
  headers?: () => Record<string, string>
  timing: Timing
  retry: Retry
  signal: AbortSignal
}
type Extras = { headers?: Record<string, string>; withinMs?: number }

export type UploadsApi = ReturnType<typeof createUploadsApi>

/** The calls about uploads, each repeated until it is answered. */
export function createUploadsApi({
  baseUrl,
  headers: always = () => ({}),
  timing,
  retry,
  signal: outer,
}: ApiParts) {
  const urlOf = (path: string) => new URL(`api/uploads${path}`, baseUrl)

  async function once(
    method: string,
    path: string,
    body?: unknown,
    { headers, withinMs = ANSWER_WITHIN_MS }: Extras = {},
  ): Promise<unknown> {
    const content = body === undefined ? null : JSON.stringify(body)
    const type = content && { 'Content-Type': 'application/json' }
    return watched(timing, withinMs, outer, async (signal) => {
      try {
        const response = await fetch(urlOf(path), {
          method,
          headers: { ...type, ...always(), ...headers },
          body: content,
          signal,
        })
        const answer = judge(await replyOf(response), timing.now()).body
        return answer && (JSON.parse(answer) as unknown)
      } catch (error) {
        throw asHiccup(error, signal)
      }
    })
  }
  const call = (...request: Parameters<typeof once>) => retry(() => once(...request))
  const to = (id: string) => `/${encodeURIComponent(id)}`

  return {
    /** The key makes a create that is sent twice one upload. */
    create: async (body: UploadRequest, key: string) =>
      (await call('POST', '', body, { headers: { 'Idempotency-Key': key } })) as UploadView,
    view: async (id: string) => (await call('GET', to(id))) as UploadView,
    /** The targets' URLs come back absolute: they are relative to this request's own URL (RFC 3986, 5.1.3). */
    async targets(id: string, body: TargetsRequest): Promise<TargetsView> {
      const path = `${to(id)}/targets`
      const view = (await call('POST', path, body)) as TargetsView
      for (const target of view.targets) target.url = new URL(target.url, urlOf(path)).href
      return view
    },
    complete: async (id: string) =>
      (await call('POST', `${to(id)}/complete`, {}, { withinMs: COMPLETE_WITHIN_MS })) as CompleteView,
    /** Tried once: an upload nobody finishes goes away by itself. */
    abandon: (id: string) => once('DELETE', to(id)),
  }
}

/** Tells a broken connection or a mangled answer, worth another try, from everything else. */
export function asHiccup(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  const broken = error instanceof TypeError || error instanceof SyntaxError
  return broken ? new Hiccup('The server cannot be reached', { cause: error }) : error
}
