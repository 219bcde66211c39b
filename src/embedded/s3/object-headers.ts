import { CHECKSUM_PREFIX } from './checksums.ts'
import { S3Error } from './errors.ts'
import type { StoredHeaders, StoredObject } from './object-table.ts'
import type { S3Request } from './request.ts'

const KEPT = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
]
const META_PREFIX = 'x-amz-meta-'
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html: 2 KB, names and values together. */
const MAX_META_BYTES = 2048

/** What of a request is kept with the object and sent back when it is read. Throws MetadataTooLarge. */
export function keptHeaders({ headers }: S3Request): StoredHeaders {
  const meta = [...headers].filter(([name]) => name.startsWith(META_PREFIX))
  const metaBytes = meta.reduce(
    (sum, [name, value]) => sum + name.length - META_PREFIX.length + value.length,
    0,
  )
  if (metaBytes > MAX_META_BYTES) throw new S3Error('MetadataTooLarge')
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream', ...Object.fromEntries(meta) }
  for (const name of KEPT) {
    const value = name === 'content-encoding' ? codings(headers.get(name)) : headers.get(name)
    if (value !== undefined && value !== '') kept[name] = value
  }
  return kept
}

/** The headers of an object for whoever reads it. Throws InvalidArgument for an override that no header can hold. */
export function objectHeaders(request: S3Request, object: StoredObject): Record<string, string> {
  const headers: Record<string, string> = {
    'accept-ranges': 'bytes',
    'last-modified': new Date(object.modifiedAt).toUTCString(),
    etag: `"${object.etag}"`,
    ...visible(request, object.headers),
  }
  for (const name of KEPT) {
    const override = request.query.get(`response-${name}`)
    if (override !== undefined) headers[name] = headerValue(`response-${name}`, override)
  }
  return headers
}

/** Checksums are told only to those who ask: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
function visible({ headers }: S3Request, kept: StoredHeaders): StoredHeaders {
  if (headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && !headers.has('range')) return kept
  return Object.fromEntries(Object.entries(kept).filter(([name]) => !name.startsWith(CHECKSUM_PREFIX)))
}

/** `aws-chunked` was the wrapping of the body, not a coding of the object. */
const codings = (header: string | undefined): string | undefined =>
  header
    ?.split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== 'aws-chunked')
    .join(',')

/** Control characters would break out of the header; S3 refuses what is not ISO 8859-1. */
function headerValue(name: string, value: string): string {
  if (/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) return value
  throw new S3Error('InvalidArgument', `${name} cannot be represented as a header in ISO-8859-1.`)
}
