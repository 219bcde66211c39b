import { isoTime } from '../../kernel/clock.ts'
import type { Handler } from './call.ts'
import { requireUpload } from './multipart-operations.ts'
import { integer, keyEncoding, pageSize } from './parameters.ts'
import { elementOf, planElements } from './part-checksums.ts'
import type { S3Request } from './request.ts'
import type { Store } from './store.ts'
import type { Part, Upload } from './upload-table.ts'
import { optional, S3_NAMESPACE, xml, type Xml } from './xml.ts'

export function createMultipartLists(store: Store) {
  const listParts: Handler = ({ request }) => {
    const upload = requireUpload(store, request)
    const limit = pageSize(request, 'max-parts')
    const marker = integer(request, 'part-number-marker', { min: 0, max: 2 ** 31 - 1, fallback: 0 })
    // One more than asked for tells whether there is a next page.
    const found = store.uploads.parts(upload.id, marker, limit + 1)
    const shown = found.slice(0, limit)
    const truncated = limit > 0 && found.length > limit
    const next = truncated ? shown.at(-1)?.number : undefined
    return {
      body: xml`<ListPartsResult xmlns="${S3_NAMESPACE}"><Bucket>${request.bucket}</Bucket><Key>${request.key}</Key><UploadId>${upload.id}</UploadId><StorageClass>STANDARD</StorageClass>${planElements(upload.checksumPlan)}<PartNumberMarker>${marker}</PartNumberMarker>${optional('NextPartNumberMarker', next)}<MaxParts>${limit}</MaxParts><IsTruncated>${truncated}</IsTruncated>${shown.map(partElement)}</ListPartsResult>`,
    }
  }

  const listMultipartUploads: Handler = ({ request }) => {
    store.requireBucket(request.bucket)
    const limit = pageSize(request, 'max-uploads')
    const found = limit === 0 ? [] : uploadsAfter(store, request, limit + 1)
    const shown = found.slice(0, limit)
    const last = found.length > limit ? shown.at(-1) : undefined
    return { body: renderUploads(request, { shown, limit, last }) }
  }

  return { listParts, listMultipartUploads }
}

/** Sorts behind every upload id, which is hex. */
const BEHIND_ALL_IDS = '~'
/** Sorts before every upload id. */
const BEFORE_ALL_IDS = ''

/** The uploads behind the markers of a request: those of later keys, and later ones of the same key if an id is given. */
function uploadsAfter(store: Store, { bucket, query }: S3Request, limit: number): Upload[] {
  const prefix = Buffer.from(query.get('prefix') ?? '')
  const marker = Buffer.from(query.get('key-marker') ?? '')
  const behindMarker = { key: marker, id: query.get('upload-id-marker') || BEHIND_ALL_IDS }
  const after = Buffer.compare(marker, prefix) < 0 ? { key: prefix, id: BEFORE_ALL_IDS } : behindMarker
  const startsRight = ({ key }: Upload) => key.subarray(0, prefix.length).equals(prefix)
  // All keys of one prefix are neighbours, so what comes behind the last of them is cut off here.
  return store.uploads.list(bucket, after, limit).filter(startsRight)
}

function renderUploads(
  request: S3Request,
  { shown, limit, last }: { shown: Upload[]; limit: number; last: Upload | undefined },
): Xml {
  const { bucket, query } = request
  const encode = keyEncoding(request)
  const uploads = shown.map(
    ({ key, id, initiatedAt }) =>
      xml`<Upload><Key>${encode(key.toString())}</Key><UploadId>${id}</UploadId><StorageClass>STANDARD</StorageClass><Initiated>${isoTime(initiatedAt)}</Initiated></Upload>`,
  )
  return xml`<ListMultipartUploadsResult xmlns="${S3_NAMESPACE}"><Bucket>${bucket}</Bucket><KeyMarker>${encode(query.get('key-marker') ?? '')}</KeyMarker><UploadIdMarker>${query.get('upload-id-marker')}</UploadIdMarker>${[
    optional('NextKeyMarker', last && encode(last.key.toString())),
    optional('NextUploadIdMarker', last?.id),
    optional('Prefix', query.has('prefix') ? encode(query.get('prefix') ?? '') : undefined),
    optional('EncodingType', query.get('encoding-type')),
  ]}<MaxUploads>${limit}</MaxUploads><IsTruncated>${last !== undefined}</IsTruncated>${uploads}</ListMultipartUploadsResult>`
}

const partElement = ({ number, modifiedAt, etag, sizeBytes, checksum }: Part): Xml =>
  xml`<Part><PartNumber>${number}</PartNumber><LastModified>${isoTime(modifiedAt)}</LastModified><ETag>"${etag}"</ETag><Size>${sizeBytes}</Size>${optional(elementOf(checksum?.algorithm ?? ''), checksum?.value)}</Part>`
