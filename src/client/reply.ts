import type { Problem } from '../contract/problem.ts'
import { Hiccup, UploadFailed } from './failure.ts'

/** An HTTP answer, whichever way it came. */
export type Reply = {
  status: number
  /** The `Retry-After` header. */
  retryAfter: string | null
  body: string
}

export const replyOf = async (response: Response): Promise<Reply> => ({
  status: response.status,
  retryAfter: response.headers.get('Retry-After'),
  body: await response.text(),
})

const HEALING_STATUS = [408, 425, 429]
// Refusals that say nothing about the request itself: bytes that were damaged on the way, and a server that is at it.
const HEALING_CODES = ['checksum-mismatch', 'part-stalled', 'upload-busy']

/** Returns a successful answer; throws {@link Hiccup} for one that may heal and `UploadFailed` for one that cannot. */
export function judge(reply: Reply, now: number): Reply {
  const { status } = reply
  if (status >= 200 && status < 300) return reply
  const problem = problemOf(reply)
  const detail = problem?.detail ?? `The server answered ${status}`
  if (status >= 500 || HEALING_STATUS.includes(status) || (problem && HEALING_CODES.includes(problem.code))) {
    const overload = problem?.code !== 'checksum-mismatch'
    throw new Hiccup(detail, { retryAfterMs: retryAfterMs(reply.retryAfter, now), overload })
  }
  throw new UploadFailed(problem?.code ?? 'refused', detail, problem && { problem })
}

function problemOf({ body }: Reply): Problem | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    const isProblem = typeof parsed === 'object' && parsed !== null && 'code' in parsed && 'detail' in parsed
    return isProblem ? (parsed as Problem) : undefined
  } catch {
    return undefined // a proxy's HTML, or an object store's XML
  }
}

// RFC 9110, 10.2.3: seconds, or a date.
function retryAfterMs(header: string | null, now: number): number {
  if (!header) return 0
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isNaN(wait) ? 0 : Math.max(0, wait)
}
