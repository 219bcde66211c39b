import { z } from 'zod'

/** Every `code` a problem can carry. Stable: clients branch on them. Listed for people in docs/reference/problems.md. */
const PROBLEM_CODES = [
  'artwork-too-large',
  'checksum-mismatch',
  'checksum-required',
  'empty-file',
  'forbidden',
  'foreign-host',
  'idempotency-conflict',
  'internal-error',
  'invalid-artwork',
  'invalid-name',
  'invalid-option',
  'invalid-request',
  'job-conflict',
  'job-expired',
  'job-not-done',
  'job-not-found',
  'length-required',
  'multipart-only',
  'no-artwork',
  'no-audio-stream',
  'not-audio',
  'not-found',
  'overloaded',
  'part-conflict',
  'part-out-of-range',
  'part-size',
  'part-stalled',
  'parts-missing',
  'range-not-satisfiable',
  'request-too-large',
  'shutting-down',
  'size-required',
  'store-unavailable',
  'too-long',
  'too-many-channels',
  'unauthorized',
  'unknown-format',
  'unknown-preset',
  'unsupported-media-type',
  'unsupported-sample-rate',
  'upload-aborted',
  'upload-busy',
  'upload-expired',
  'upload-not-found',
  'upload-not-ready',
  'upload-too-large',
] as const
export type ProblemCode = (typeof PROBLEM_CODES)[number]

/** An error answer, RFC 9457 `application/problem+json`, with our stable `code` and the request's id. */
export const Problem = z
  .looseObject({
    type: z.string().describe('`urn:tapedeck:problem:<code>`'),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().describe('What happened and what to do, for a person'),
    instance: z.string().describe('Path of the request'),
    code: z.enum(PROBLEM_CODES),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof Problem>
