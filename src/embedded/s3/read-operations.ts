import type { Handler, Reply } from './call.ts'
import { mayRead, rangeIsMeant } from './conditions.ts'
import { S3Error } from './errors.ts'
import { objectHeaders } from './object-headers.ts'
import type { StoredObject } from './object-table.ts'
import { parseRange, type Range, sliceAll } from './ranges.ts'
import type { S3Request } from './request.ts'
import type { Store } from './store.ts'

export function createReadOperations(store: Store) {
  const getObject: Handler = ({ request }) => {
    const { object, range, reply } = examine(store, request)
    if (reply.status === NOT_MODIFIED) return reply
    // Found and held in one tick: from here on nobody can take the blobs away.
    const slices = sliceAll(store.objects.pieces(object.id), range)
    return { ...reply, body: store.blobs.read(slices) }
  }

  const headObject: Handler = ({ request }) => examine(store, request).reply

  return { getObject, headObject }
}

const NOT_MODIFIED = 304

/** All of the answer but the bytes; HEAD and GET differ in nothing else. */
function examine(store: Store, request: S3Request): { object: StoredObject; range: Range; reply: Reply } {
  store.requireBucket(request.bucket)
  const object = store.objects.find(request.bucket, request.key)
  if (!object) throw new S3Error('NoSuchKey')
  const headers = objectHeaders(request, object)
  const whole = { start: 0, end: object.sizeBytes - 1 }
  if (!mayRead(request, object)) return { object, range: whole, reply: { status: NOT_MODIFIED, headers } }
  const asked = rangeIsMeant(request, object) ? request.headers.get('range') : undefined
  const range = parseRange(asked, object.sizeBytes)
  if (!range)
    return {
      object,
      range: whole,
      reply: { headers: { ...headers, 'content-length': `${object.sizeBytes}` } },
    }
  const { start, end } = range
  const partial = {
    'content-length': `${end - start + 1}`,
    'content-range': `bytes ${start}-${end}/${object.sizeBytes}`,
  }
  return { object, range, reply: { status: 206, headers: { ...headers, ...partial } } }
}
