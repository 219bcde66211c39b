import { CHECKSUM_ALGORITHMS, CHECKSUM_PREFIX } from './checksums.ts'
import { notImplemented, type S3Error } from './errors.ts'
import type { S3Request } from './request.ts'

type Level = 'service' | 'bucket' | 'key'

/** An operation: which requests are meant for it, and everything such a request may say. */
type RouteShape = {
  readonly operation: string
  readonly method: string
  readonly at: Level
  /** Query parameters that tell this operation from its neighbours. */
  readonly needs?: readonly string[]
  readonly mayQuery?: readonly string[]
  /** Of the headers that begin with `x-amz-` or `if-`; a dash at the end stands for all that begin like that. */
  readonly mayHead?: readonly string[]
  /** Whether the body is stored; otherwise it is small and read as text. */
  readonly storesBody?: true
}

/** One of these says what the body must come to. */
const VOUCHING = [
  ...['x-amz-decoded-content-length', 'x-amz-trailer', 'x-amz-sdk-checksum-algorithm'],
  ...CHECKSUM_ALGORITHMS.map((algorithm) => CHECKSUM_PREFIX + algorithm),
]

const READ = {
  mayQuery: [
    ...['response-content-type', 'response-content-language', 'response-content-disposition'],
    ...['response-content-encoding', 'response-cache-control', 'response-expires'],
  ],
  mayHead: [
    ...['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range'],
    'x-amz-checksum-mode',
  ],
}

/** Everything this server does. What is not in here is refused by name, never ignored. */
export const ROUTES = [
  { operation: 'listBuckets', method: 'GET', at: 'service' },
  { operation: 'createBucket', method: 'PUT', at: 'bucket', mayHead: VOUCHING },
  { operation: 'headBucket', method: 'HEAD', at: 'bucket' },
  { operation: 'deleteBucket', method: 'DELETE', at: 'bucket' },
  { operation: 'getBucketLocation', method: 'GET', at: 'bucket', needs: ['location'] },
  { operation: 'putBucketCors', method: 'PUT', at: 'bucket', needs: ['cors'], mayHead: VOUCHING },
  { operation: 'getBucketCors', method: 'GET', at: 'bucket', needs: ['cors'] },
  { operation: 'deleteBucketCors', method: 'DELETE', at: 'bucket', needs: ['cors'] },
  {
    operation: 'listObjectsV2',
    method: 'GET',
    at: 'bucket',
    needs: ['list-type'],
    mayQuery: ['prefix', 'delimiter', 'max-keys', 'start-after', 'continuation-token', 'encoding-type'],
  },
  {
    operation: 'listMultipartUploads',
    method: 'GET',
    at: 'bucket',
    needs: ['uploads'],
    mayQuery: ['prefix', 'key-marker', 'upload-id-marker', 'max-uploads', 'encoding-type'],
  },
  { operation: 'deleteObjects', method: 'POST', at: 'bucket', needs: ['delete'], mayHead: VOUCHING },
  {
    operation: 'putObject',
    method: 'PUT',
    at: 'key',
    mayHead: ['if-match', 'if-none-match', 'x-amz-meta-', ...VOUCHING],
    storesBody: true,
  },
  { operation: 'getObject', method: 'GET', at: 'key', ...READ },
  { operation: 'headObject', method: 'HEAD', at: 'key', ...READ },
  { operation: 'deleteObject', method: 'DELETE', at: 'key' },
  {
    operation: 'createMultipartUpload',
    method: 'POST',
    at: 'key',
    needs: ['uploads'],
    mayHead: ['x-amz-meta-', 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
  },
  {
    operation: 'uploadPart',
    method: 'PUT',
    at: 'key',
    needs: ['partNumber', 'uploadId'],
    mayHead: VOUCHING,
    storesBody: true,
  },
  {
    operation: 'completeMultipartUpload',
    method: 'POST',
    at: 'key',
    needs: ['uploadId'],
    mayHead: ['if-match', 'if-none-match'],
  },
  { operation: 'abortMultipartUpload', method: 'DELETE', at: 'key', needs: ['uploadId'] },
  {
    operation: 'listParts',
    method: 'GET',
    at: 'key',
    needs: ['uploadId'],
    mayQuery: ['max-parts', 'part-number-marker'],
  },
] as const satisfies readonly RouteShape[]

export type Operation = (typeof ROUTES)[number]['operation']
export type Route = RouteShape & { readonly operation: Operation }

/** Headers that belong to signing, which every operation may have. */
const COMMON_HEADERS = ['x-amz-date', 'x-amz-content-sha256', 'x-amz-user-agent']
/** `x-id` is how the SDKs of AWS note the name of the operation; it means nothing. */
const COMMON_QUERY = ['x-id']

/** Finds the operation a request is for. Throws NotImplemented, naming what is not known. */
export function findRoute(request: S3Request): Route {
  const level = levelOf(request)
  const candidates: readonly Route[] = ROUTES.filter(
    ({ method, at }) => method === request.method && at === level,
  )
  const route = candidates
    .filter(({ needs = [] }) => needs.every((name) => request.query.has(name)))
    .sort((one, other) => (other.needs?.length ?? 0) - (one.needs?.length ?? 0))[0]
  refuseStrangers(request, route)
  if (!route) throw unknownOperation(request, level)
  return route
}

function levelOf({ bucket, key }: S3Request): Level {
  if (key !== '') return 'key'
  return bucket === '' ? 'service' : 'bucket'
}

function refuseStrangers({ query, headers }: S3Request, route: Route | undefined): void {
  const { needs = [], mayQuery = [], mayHead = [] } = route ?? {}
  const parameters = [...COMMON_QUERY, ...needs, ...mayQuery, ...(route ? [] : LIST_V1)]
  const parameter = [...query.keys()].find((name) => !parameters.includes(name))
  if (parameter !== undefined) throw notImplemented(`Parameter ${parameter}`)
  if (!route) return
  const allowed = [...COMMON_HEADERS, ...mayHead]
  const isAllowed = (name: string) => allowed.some((other) => name === other || isFamily(other, name))
  const header = [...headers.keys()].find((name) => /^(x-amz-|if-)/.test(name) && !isAllowed(name))
  if (header !== undefined) throw notImplemented(`Header ${header}`)
}

const isFamily = (family: string, name: string): boolean => family.endsWith('-') && name.startsWith(family)

/** The parameters of the old list, so that its refusal names the operation and not the first of them. */
const LIST_V1 = ['prefix', 'delimiter', 'marker', 'max-keys', 'encoding-type']

function unknownOperation({ method, query }: S3Request, level: Level): S3Error {
  if (method === 'GET' && level === 'bucket')
    return notImplemented('ListObjects version 1 (without list-type=2)')
  const named = [...query.keys()].join(', ')
  return notImplemented(`${method} on a ${level}${named && ` with ${named}`}`)
}
