import { z } from 'zod'
import type { Handler } from './call.ts'
import { CHECKSUM_PREFIX, type Checksum } from './checksums.ts'
import { checkWrite } from './conditions.ts'
import { S3Error } from './errors.ts'
import { keptHeaders } from './object-headers.ts'
import { refuseUnknown } from './parameters.ts'
import { receiveBlob } from './receive-blob.ts'
import type { Store } from './store.ts'
import { parseXml, S3_NAMESPACE, xml } from './xml.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const MAX_DELETES = 1000

const Deletes = z.object({
  Delete: z.looseObject({
    Quiet: z.stringbool().optional(),
    Object: z.array(z.looseObject({ Key: z.string().min(1) })).max(MAX_DELETES),
  }),
})

export function createWriteOperations(store: Store) {
  const putObject: Handler = async ({ request, payload }) => {
    const { bucket, key } = request
    const check = () => {
      store.requireBucket(bucket)
      checkWrite(request, store.objects.find(bucket, key))
    }
    check()
    const headers = keptHeaders(request)
    const { md5: etag, checksum } = await receiveBlob(
      store,
      payload,
      ({ blob, sizeBytes, md5, checksum }) => {
        // Checked again: while the body came in, somebody else may have been first.
        check()
        const written = { ...headers, ...checksumHeader(checksum) }
        const pieces = [{ blob, sizeBytes }]
        return store.objects.put({
          ...{ bucket, key: Buffer.from(key), pieces, sizeBytes },
          ...{ etag: md5, modifiedAt: store.now(), headers: written, upload: null },
        })
      },
    )
    return { headers: { etag: `"${etag}"`, ...checksumHeader(checksum) } }
  }

  const deleteObject: Handler = async ({ request: { bucket, key } }) => {
    const freed = store.transaction(() => {
      store.requireBucket(bucket)
      return store.objects.remove(bucket, key)
    })
    await store.blobs.discard(freed)
    return { status: 204 }
  }

  const deleteObjects: Handler = async ({ request: { bucket }, text }) => {
    const { keys, quiet } = readDeletes(text)
    const freed = store.transaction(() => {
      store.requireBucket(bucket)
      return keys.flatMap((key) => store.objects.remove(bucket, key))
    })
    await store.blobs.discard(freed)
    const deleted = quiet ? [] : keys.map((key) => xml`<Deleted><Key>${key}</Key></Deleted>`)
    return { body: xml`<DeleteResult xmlns="${S3_NAMESPACE}">${deleted}</DeleteResult>` }
  }

  return { putObject, deleteObject, deleteObjects }
}

/** A checksum as a header of an answer. */
export const checksumHeader = (checksum: Checksum | undefined): Record<string, string> =>
  checksum ? { [`${CHECKSUM_PREFIX}${checksum.algorithm}`]: checksum.value } : {}

function readDeletes(text: string): { keys: string[]; quiet: boolean } {
  const parsed = Deletes.safeParse(parseXml(text, ['Object']))
  if (!parsed.success) throw new S3Error('MalformedXML')
  const { Object: objects, Quiet: quiet = false } = parsed.data.Delete
  // A version or a condition would be about something else than the object of that key as it is.
  for (const object of objects) refuseUnknown(object, ['Key'])
  return { keys: objects.map(({ Key }) => Key), quiet }
}
