import { isoTime } from '../../kernel/clock.ts'
import type { Handler } from './call.ts'
import { S3Error } from './errors.ts'
import type { StoredObject } from './object-table.ts'
import { keyEncoding, pageSize } from './parameters.ts'
import type { S3Request } from './request.ts'
import type { Store } from './store.ts'
import { optional, S3_NAMESPACE, xml, type Xml } from './xml.ts'

/** One line of a list: an object, or all objects that share a beginning; `next` is the lowest key after it. */
type Entry = { readonly object?: StoredObject; readonly commonPrefix?: string; readonly next: Buffer }

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export function createListObjects(store: Store): Handler {
  return ({ request }) => {
    store.requireBucket(request.bucket)
    if (request.query.get('list-type') !== '2') throw new S3Error('InvalidArgument', 'list-type must be 2.')
    const limit = pageSize(request, 'max-keys')
    const from = startOf(request)
    const shown: Entry[] = []
    let token: string | undefined
    // The walk goes one entry too far, which tells whether there is a next page.
    for (const entry of limit === 0 ? [] : entries(store, request, from)) {
      if (shown.length === limit) {
        token = shown.at(-1)?.next.toString('base64url')
        break
      }
      shown.push(entry)
    }
    return { body: render(request, { shown, limit, token }) }
  }
}

/** Walks the keys in the order of their bytes, and jumps over everything behind a common prefix. */
function* entries(store: Store, { bucket, query }: S3Request, from: Buffer): Generator<Entry, undefined> {
  const prefix = Buffer.from(query.get('prefix') ?? '')
  const delimiter = Buffer.from(query.get('delimiter') ?? '')
  let object = store.objects.next(bucket, Buffer.compare(from, prefix) < 0 ? prefix : from)
  while (object?.key.subarray(0, prefix.length).equals(prefix)) {
    const cut = delimiter.length === 0 ? -1 : object.key.indexOf(delimiter, prefix.length)
    const common = object.key.subarray(0, cut + delimiter.length)
    const next = cut < 0 ? Buffer.concat([object.key, Buffer.of(0)]) : after(common)
    yield cut < 0 ? { object, next } : { commonPrefix: common.toString(), next }
    object = store.objects.next(bucket, next)
  }
}

/** The first byte string behind all that begin with `prefix`. UTF-8 has no byte 0xff, so the last one can grow. */
function after(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  end.writeUInt8((end.at(-1) ?? 0) + 1, end.length - 1)
  return end
}

/** The lowest key this page may begin with. A token is such a key, which clients are to take as opaque. */
function startOf({ query }: S3Request): Buffer {
  const token = query.get('continuation-token')
  if (token !== undefined) {
    if (!/^[\w-]+$/.test(token))
      throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect.')
    return Buffer.from(token, 'base64url')
  }
  const startAfter = query.get('start-after') ?? ''
  return startAfter === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from(startAfter), Buffer.of(0)])
}

function render(request: S3Request, page: { shown: Entry[]; limit: number; token: string | undefined }): Xml {
  const { bucket, query } = request
  const encode = keyEncoding(request)
  const encoded = (name: string) => encode(query.get(name) ?? '')
  const contents = page.shown.map(({ object }) => (object ? content(object, encode) : xml``))
  const prefixes = page.shown.map(({ commonPrefix }) =>
    commonPrefix === undefined
      ? xml``
      : xml`<CommonPrefixes><Prefix>${encode(commonPrefix)}</Prefix></CommonPrefixes>`,
  )
  return xml`<ListBucketResult xmlns="${S3_NAMESPACE}"><Name>${bucket}</Name><Prefix>${encoded('prefix')}</Prefix>${[
    optional('Delimiter', query.has('delimiter') ? encoded('delimiter') : undefined),
    optional('StartAfter', query.has('start-after') ? encoded('start-after') : undefined),
    optional('EncodingType', query.get('encoding-type')),
    optional('ContinuationToken', query.get('continuation-token')),
    optional('NextContinuationToken', page.token),
  ]}<KeyCount>${page.shown.length}</KeyCount><MaxKeys>${page.limit}</MaxKeys><IsTruncated>${
    page.token !== undefined
  }</IsTruncated>${contents}${prefixes}</ListBucketResult>`
}

const content = ({ key, etag, sizeBytes, modifiedAt }: StoredObject, encode: (key: string) => string): Xml =>
  xml`<Contents><Key>${encode(key.toString())}</Key><LastModified>${isoTime(modifiedAt)}</LastModified><ETag>"${etag}"</ETag><Size>${sizeBytes}</Size><StorageClass>STANDARD</StorageClass></Contents>`
