import type { IncomingMessage } from 'node:http'
import { S3Error } from './errors.ts'

/** A request, taken apart once at the edge. */
export type S3Request = {
  readonly method: string
  /** The decoded path, exactly as long as it was sent: `.` and `..` are ordinary characters of a key. */
  readonly path: string
  /** Empty when the address names none: no S3 bucket is called that. */
  readonly bucket: string
  /** Empty when the address names none: no S3 object is called that. */
  readonly key: string
  readonly query: ReadonlyMap<string, string>
  /** By lower-case name; the values of a repeated header are joined with commas. One character is one byte. */
  readonly headers: ReadonlyMap<string, string>
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024

/** Reads address and headers, path-style addressing only. Throws InvalidURI, InvalidArgument, KeyTooLongError. */
export function parseRequest(incoming: IncomingMessage): S3Request {
  const [rawPath = '', ...rawQuery] = (incoming.url ?? '').split('?')
  if (!rawPath.startsWith('/')) throw new S3Error('InvalidURI')
  const path = decode(rawPath)
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? []
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError')
  const query = parseQuery(rawQuery.join('?'))
  return { method: incoming.method ?? '', path, bucket, key, query, headers: headersOf(incoming) }
}

/** S3 reads `+` in a query as a space, as HTML forms do. In a path it is a plus. */
function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const [name = '', ...value] = pair.replaceAll('+', '%20').split('=')
    if (query.has(decode(name)))
      throw new S3Error('InvalidArgument', `Parameter ${decode(name)} was given twice.`)
    query.set(decode(name), decode(value.join('=')))
  }
  return query
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new S3Error('InvalidURI')
  }
}

const headersOf = (incoming: IncomingMessage): Map<string, string> =>
  new Map(Object.entries(incoming.headersDistinct).map(([name, values]) => [name, values?.join(',') ?? '']))
