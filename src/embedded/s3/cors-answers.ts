import type { IncomingMessage } from 'node:http'
import type { Reply } from './call.ts'
import { corsHeaders, type CorsQuestion } from './cors-rules.ts'
import { S3Error } from './errors.ts'
import type { Store } from './store.ts'

/** What browsers are told that ask for a page of another origin. Nothing in here needs a signature. */
export type CorsAnswers = {
  /** Headers for the answer to this request, whatever it will be; none when no rule is for its page. */
  headers(incoming: IncomingMessage): Record<string, string>
  /** Answers OPTIONS. Throws BadRequest for questions that lack something, AccessForbidden where no rule allows it. */
  preflight(incoming: IncomingMessage): Reply
}

export function createCorsAnswers(store: Store): CorsAnswers {
  return {
    headers(incoming) {
      const question = readQuestion(incoming)
      return (question && corsHeaders(store.buckets.cors(bucketOf(incoming)) ?? [], question)) ?? {}
    },

    preflight(incoming) {
      const question = readQuestion(incoming)
      if (!question) throw insufficient('Origin')
      const rules = store.buckets.cors(bucketOf(incoming))
      if (rules === undefined) throw forbidden('Bucket not found')
      if (rules.length === 0) throw forbidden('CORS is not enabled for this bucket.')
      if (!incoming.headers['access-control-request-method'])
        throw insufficient('Access-Control-Request-Method')
      const headers = corsHeaders(rules, question)
      if (!headers) throw forbidden(NOT_ALLOWED)
      return { headers }
    },
  }
}

/** AWS's own words, its spelling included: people search for them. */
const NOT_ALLOWED =
  "This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."

const forbidden = (why: string): S3Error => new S3Error('AccessForbidden', `CORSResponse: ${why}`)

const insufficient = (header: string): S3Error =>
  new S3Error('BadRequest', `Insufficient information. ${header} request header needed.`)

/**
 * Read off the bare address: requests that are refused because of their key or their parameters get their headers too.
 * The names of buckets are never percent-encoded.
 */
const bucketOf = ({ url = '' }: IncomingMessage): string => /^\/([^/?]*)/.exec(url)?.[1] ?? ''

/** AWS goes by the headers of preflights wherever they turn up, also when they come with the request itself. */
function readQuestion({ headers, method = '' }: IncomingMessage): CorsQuestion | undefined {
  if (!headers.origin) return undefined
  const names = (headers['access-control-request-headers'] ?? '').split(',')
  return {
    origin: headers.origin,
    method: headers['access-control-request-method'] || method,
    headers: names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''),
  }
}
