import {
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  type ListMultipartUploadsOutput,
  type S3Client,
} from '@aws-sdk/client-s3'

/**
 * Names of everything that owns bytes below `prefix`, be they objects or unfinished multipart uploads: the part of the
 * key up to the next slash. Each name comes once or, with both, twice.
 */
export async function* listOwners(s3: S3Client, bucket: string, prefix: string): AsyncGenerator<string> {
  const where = { Bucket: bucket, Prefix: prefix }
  const nameIn = (key: string) => key.slice(prefix.length).split('/')[0] ?? ''
  for await (const { CommonPrefixes = [] } of paginateListObjectsV2(
    { client: s3 },
    { ...where, Delimiter: '/' },
  ))
    for (const { Prefix = '' } of CommonPrefixes) yield nameIn(Prefix)
  for await (const { Key = '' } of listMultipartUploads(s3, where)) yield nameIn(Key)
}

/** Unfinished multipart uploads, a page a thousand. The SDK has no paginator for them. */
export async function* listMultipartUploads(s3: S3Client, where: { Bucket: string; Prefix: string }) {
  let next: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {}
  while (next) {
    const page: ListMultipartUploadsOutput = await s3.send(
      new ListMultipartUploadsCommand({ ...where, ...next }),
    )
    yield* page.Uploads ?? []
    const { IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page
    next = IsTruncated ? { KeyMarker, UploadIdMarker } : undefined
  }
}
