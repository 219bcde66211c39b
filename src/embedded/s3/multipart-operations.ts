import { randomBytes } from 'node:crypto'
import type { Handler } from './call.ts'
import { assemble, etagOf, readPartList, type WantedPart } from './complete-upload.ts'
import { checkWrite } from './conditions.ts'
import { S3Error } from './errors.ts'
import { keptHeaders } from './object-headers.ts'
import { integer } from './parameters.ts'
import { checkPlan, compositeElements, planHeaders, readChecksumPlan } from './part-checksums.ts'
import { receiveBlob } from './receive-blob.ts'
import type { S3Request } from './request.ts'
import type { Store } from './store.ts'
import type { Upload } from './upload-table.ts'
import { checksumHeader } from './write-operations.ts'
import { S3_NAMESPACE, xml } from './xml.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PART_NUMBER = 10_000

export function createMultipartOperations(store: Store) {
  const createMultipartUpload: Handler = ({ request }) => {
    const { bucket, key } = request
    const checksumPlan = readChecksumPlan(request)
    const initiatedAt = store.now()
    const id = newUploadId(initiatedAt)
    store.transaction(() => {
      store.requireBucket(bucket)
      const headers = keptHeaders(request)
      store.uploads.add({ id, bucket, key: Buffer.from(key), initiatedAt, headers, checksumPlan })
    })
    return {
      headers: planHeaders(checksumPlan),
      body: xml`<InitiateMultipartUploadResult xmlns="${S3_NAMESPACE}"><Bucket>${bucket}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    }
  }

  const uploadPart: Handler = async ({ request, payload }) => {
    const number = integer(request, 'partNumber', { min: 1, max: MAX_PART_NUMBER, fallback: 0 })
    if (number === 0) throw new S3Error('InvalidArgument', 'partNumber is empty.')
    checkPlan(requireUpload(store, request).checksumPlan, payload.checksumAlgorithm, request)
    const { md5, checksum } = await receiveBlob(store, payload, ({ blob, sizeBytes, md5, checksum }) => {
      // Looked up again: a part that comes in after its upload was aborted or completed is not kept.
      const { id } = requireUpload(store, request)
      return store.uploads.putPart(id, {
        number,
        blob,
        sizeBytes,
        etag: md5,
        modifiedAt: store.now(),
        checksum,
      })
    })
    return { headers: { etag: `"${md5}"`, ...checksumHeader(checksum) } }
  }

  const completeMultipartUpload: Handler = async ({ request, text }) => {
    const { bucket, key } = request
    const wanted = readPartList(text)
    const { etag, headers, freed } = store.transaction(() => complete(store, request, wanted))
    await store.blobs.discard(freed)
    return {
      body: xml`<CompleteMultipartUploadResult xmlns="${S3_NAMESPACE}"><Location>${locationOf(request)}</Location><Bucket>${bucket}</Bucket><Key>${key}</Key><ETag>"${etag}"</ETag>${compositeElements(headers)}</CompleteMultipartUploadResult>`,
    }
  }

  const abortMultipartUpload: Handler = async ({ request }) => {
    const freed = store.transaction(() => store.uploads.remove(requireUpload(store, request).id))
    await store.blobs.discard(freed)
    return { status: 204 }
  }

  return { createMultipartUpload, uploadPart, completeMultipartUpload, abortMultipartUpload }
}

/** Makes an object of an upload. Returns its ETag and headers, and the blobs nobody needs any more. */
function complete(store: Store, request: S3Request, wanted: readonly WantedPart[]) {
  const { bucket, key, query } = request
  store.requireBucket(bucket)
  const existing = store.objects.find(bucket, key)
  // Asked again with the same parts, AWS gives the same answer again: the client may have lost the first one. Here
  // that holds for as long as the object is there.
  if (existing && existing.upload === query.get('uploadId') && existing.etag === etagOf(wanted))
    return { etag: existing.etag, headers: existing.headers, freed: [] }
  const upload = requireUpload(store, request)
  checkWrite(request, existing)
  const { id, checksumPlan } = upload
  const { unused, checksum, ...content } = assemble(store.uploads.parts(id, 0, -1), wanted, checksumPlan)
  store.uploads.remove(id)
  const headers = { ...upload.headers, ...checksum }
  const object = { bucket, key: upload.key, headers, upload: id, modifiedAt: store.now(), ...content }
  return { etag: content.etag, headers, freed: [...store.objects.put(object), ...unused] }
}

/** The upload a request is about; its id is good for the bucket and key it was made for only. Throws NoSuchUpload. */
export function requireUpload(store: Store, { bucket, key, query }: S3Request): Upload {
  store.requireBucket(bucket)
  const upload = store.uploads.find(query.get('uploadId') ?? '', bucket, key)
  if (!upload) throw new S3Error('NoSuchUpload')
  return upload
}

/** Hex of the time, then chance: in lists the uploads of one key sort by age, as those of S3 do. */
const newUploadId = (initiatedAt: number): string =>
  initiatedAt.toString(16).padStart(12, '0') + randomBytes(20).toString('hex')

const locationOf = ({ headers, bucket, key }: S3Request): string =>
  `http://${headers.get('host') ?? ''}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
