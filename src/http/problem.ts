import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { Problem, ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'
import type { Log } from '../kernel/log.ts'
import { MiB } from '../kernel/units.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

type Kind = { status: number; title: string; retryAfterSeconds?: number }

/** The only place that knows statuses. A new code without a row here does not compile. */
export const KINDS: Record<ProblemCode, Kind> = {
  'artwork-too-large': { status: 413, title: 'Artwork too large' },
  'checksum-mismatch': { status: 422, title: 'Checksum mismatch' },
  'checksum-required': { status: 422, title: 'Checksum required' },
  'empty-file': { status: 422, title: 'Empty file' },
  forbidden: { status: 403, title: 'Forbidden' },
  'foreign-host': { status: 421, title: 'Foreign host' },
  'foreign-origin': { status: 403, title: 'Foreign origin' },
  'headers-too-large': { status: 431, title: 'Headers too large' },
  'idempotency-conflict': { status: 409, title: 'Idempotency key used already' },
  'internal-error': { status: 500, title: 'Internal error' },
  'invalid-artwork': { status: 422, title: 'Invalid artwork' },
  'invalid-name': { status: 422, title: 'Invalid name' },
  'invalid-option': { status: 422, title: 'Invalid option' },
  'invalid-request': { status: 400, title: 'Invalid request' },
  'job-conflict': { status: 409, title: 'Job conflict' },
  'job-expired': { status: 410, title: 'Job expired' },
  'job-not-done': { status: 409, title: 'Job not done' },
  'job-not-found': { status: 404, title: 'Job not found' },
  'length-required': { status: 411, title: 'Length required' },
  'link-expired': { status: 403, title: 'Link expired' },
  'multipart-only': { status: 422, title: 'Multipart only' },
  'no-artwork': { status: 404, title: 'No artwork' },
  'no-audio-stream': { status: 422, title: 'No audio stream' },
  'not-audio': { status: 422, title: 'Not audio' },
  'not-found': { status: 404, title: 'Not found' },
  overloaded: { status: 503, title: 'Overloaded', retryAfterSeconds: 30 },
  'part-conflict': { status: 409, title: 'Part conflict' },
  'part-out-of-range': { status: 422, title: 'Part out of range' },
  'part-size': { status: 400, title: 'Wrong part size' },
  'part-stalled': { status: 408, title: 'Part stalled' },
  'parts-missing': { status: 409, title: 'Parts missing' },
  'queue-full': { status: 429, title: 'Queue full', retryAfterSeconds: 30 },
  'range-not-satisfiable': { status: 416, title: 'Range not satisfiable' },
  'request-timeout': { status: 408, title: 'Request timeout' },
  'request-too-large': { status: 413, title: 'Request too large' },
  'shutting-down': { status: 503, title: 'Shutting down', retryAfterSeconds: 5 },
  'size-required': { status: 422, title: 'Size required' },
  'store-unavailable': { status: 503, title: 'Storage unavailable', retryAfterSeconds: 5 },
  'too-long': { status: 422, title: 'Too long' },
  'too-many-channels': { status: 422, title: 'Too many channels' },
  'too-many-requests': { status: 429, title: 'Too many requests', retryAfterSeconds: 60 },
  unauthorized: { status: 401, title: 'Unauthorized' },
  'unknown-format': { status: 422, title: 'Unknown format' },
  'unknown-preset': { status: 422, title: 'Unknown preset' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'unsupported-sample-rate': { status: 422, title: 'Unsupported sample rate' },
  'upload-aborted': { status: 410, title: 'Upload cancelled' },
  'upload-busy': { status: 503, title: 'Upload busy', retryAfterSeconds: 1 },
  'upload-expired': { status: 410, title: 'Upload expired' },
  'upload-not-found': { status: 404, title: 'Upload not found' },
  'upload-not-ready': { status: 409, title: 'Upload not ready' },
  'upload-too-large': { status: 413, title: 'Upload too large' },
}

/** Answers a request that found no way to a route, nor through any hook, since its path cannot be read. */
export function answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id })
  sendProblem(request, reply, describe(error))
}

/** Makes every error answer of the app a problem document, the framework's own ones included. */
export function answerProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const told = describe(error)
    if (told.code === 'internal-error')
      log.error({ err: error, requestId: request.id, route: request.routeOptions.url }, 'request failed')
    sendProblem(request, reply, told)
  })
  // Fastify's own 404 does not pass through the error handler.
  app.setNotFoundHandler((request, reply) => {
    const detail = `There is nothing at ${request.method} ${pathOf(request)}.`
    sendProblem(request, reply, { code: 'not-found', detail })
  })
}

/**
 * A connection that is closed while its client still sends is reset, and the client never reads why (RFC 9112, 9.6): the
 * rest of a body up to this size is read and forgotten instead.
 */
const LARGEST_DISCARDED_BYTES = 64 * MiB

type Told = { code: ProblemCode; detail: string; facts?: Record<string, unknown> }

function sendProblem(request: FastifyRequest, reply: FastifyReply, { code, detail, facts }: Told): void {
  const { status, title, retryAfterSeconds } = KINDS[code]
  const problem: Problem = {
    ...facts,
    type: `urn:tapedeck:problem:${code}`,
    title,
    status,
    detail,
    instance: pathOf(request),
    code,
    requestId: request.id,
  }
  // Who refused may know better when it will be different.
  if (retryAfterSeconds !== undefined && !reply.hasHeader('retry-after'))
    reply.header('retry-after', retryAfterSeconds)
  if (code === 'unauthorized') reply.header('www-authenticate', 'Bearer')
  if (code === 'range-not-satisfiable')
    reply.header('content-range', `bytes */${String(facts?.['sizeBytes'])}`)
  if (code === 'request-too-large' && Number(request.headers['content-length']) <= LARGEST_DISCARDED_BYTES)
    reply.removeHeader('connection')
  for (const name of ['etag', 'content-disposition', 'accept-ranges']) reply.removeHeader(name)
  void reply
    .code(status)
    .headers({ 'cache-control': 'no-store', 'content-type': 'application/problem+json' })
    .serializer(JSON.stringify)
    .send(problem)
}

const pathOf = ({ url }: FastifyRequest) => url.split('?')[0] ?? url

function describe(error: FastifyError | Failure): Told {
  if (error instanceof Failure && isKnown(error.code))
    return { code: error.code, detail: error.message, facts: error.facts }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message = 'is wrong' }) => ({
      path: instancePath.replace(/^\//, '').replaceAll('/', '.'),
      message,
    }))
    const where = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ')
    return { code: 'invalid-request', detail: `The request is not valid: ${where}.`, facts: { errors } }
  }
  return describeFrameworkError(error)
}

const isKnown = (code: string): code is ProblemCode => Object.hasOwn(KINDS, code)

/** What Fastify itself refuses, by its own codes. Anything else tells nothing of our insides. */
function describeFrameworkError({
  code,
  statusCode = 500,
  message,
}: FastifyError | (Failure & { statusCode?: number })): Told {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return { code: 'request-too-large', detail: 'The body of this request is too large.' }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return { code: 'unsupported-media-type', detail: 'Send the body as application/json.' }
  if (statusCode >= 400 && statusCode < 500)
    return { code: 'invalid-request', detail: `The request is not valid: ${message}.` }
  return { code: 'internal-error', detail: 'Something went wrong in the service. It has been logged.' }
}
