import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  NoSuchUpload,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { Readable } from 'node:stream'
import { emptyPrefix, httpStatus, listOwners, type Removed } from '../aws/index.ts'
import { UploadNotFound } from './failures.ts'
import { sourceKey, uploadPrefix, UPLOADS } from './upload.ts'

/** The multipart upload is not there any more: joined or aborted, by us or by somebody else. */
export class MultipartGone extends Error {}

/** A part as S3 lists it; the truth at `complete`. */
export type ListedPart = { size: number; etag: string }

/** The bytes of uploads in S3, one multipart upload each. Throws {@link MultipartGone} where S3 says NoSuchUpload. */
export class SourceStore {
  readonly #s3: S3Client
  readonly #bucket: string

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3
    this.#bucket = bucket
  }

  #at(uploadId: string) {
    return { Bucket: this.#bucket, Key: sourceKey(uploadId) }
  }

  async begin(uploadId: string): Promise<string> {
    const { UploadId } = await this.#s3.send(new CreateMultipartUploadCommand(this.#at(uploadId)))
    if (UploadId === undefined) throw new Error('S3 began a multipart upload without an id.')
    return UploadId
  }

  /** Streams one part of known size; `signal` must abort when `body` fails, or the request would hang. Gives the ETag. */
  async putPart(
    uploadId: string,
    UploadId: string,
    part: { number: number; size: number; body: Readable },
    abortSignal: AbortSignal,
  ): Promise<string> {
    const { ETag } = await orGone(
      this.#s3.send(
        new UploadPartCommand({
          ...this.#at(uploadId),
          UploadId,
          PartNumber: part.number,
          ContentLength: part.size,
          Body: part.body,
        }),
        { abortSignal },
      ),
    )
    if (ETag === undefined) throw new Error('S3 took a part without an ETag.')
    return ETag
  }

  /** Every part S3 holds, a page a thousand. */
  async listParts(uploadId: string, UploadId: string): Promise<Map<number, ListedPart>> {
    const parts = new Map<number, ListedPart>()
    let marker: string | undefined
    do {
      const page = await orGone(
        this.#s3.send(new ListPartsCommand({ ...this.#at(uploadId), UploadId, PartNumberMarker: marker })),
      )
      for (const { PartNumber = 0, Size = -1, ETag = '' } of page.Parts ?? [])
        parts.set(PartNumber, { size: Size, etag: ETag })
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
    } while (marker !== undefined)
    return parts
  }

  async join(uploadId: string, UploadId: string, parts: ReadonlyMap<number, ListedPart>): Promise<void> {
    const Parts = [...parts.entries()]
      .sort(([a], [b]) => a - b)
      .map(([PartNumber, { etag: ETag }]) => ({ PartNumber, ETag }))
    await orGone(
      this.#s3.send(
        new CompleteMultipartUploadCommand({ ...this.#at(uploadId), UploadId, MultipartUpload: { Parts } }),
      ),
    )
  }

  /** Size of the joined object in bytes, undefined when there is none. */
  async sizeOf(uploadId: string): Promise<number | undefined> {
    try {
      return (await this.#s3.send(new HeadObjectCommand(this.#at(uploadId)))).ContentLength
    } catch (error) {
      if (httpStatus(error) === 404) return undefined
      throw error
    }
  }

  /** Opens the joined object. Throws UploadNotFound when it is gone. */
  async read(uploadId: string, abortSignal: AbortSignal): Promise<Readable> {
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand(this.#at(uploadId)), { abortSignal })
      return Body as Readable
    } catch (error) {
      throw httpStatus(error) === 404 ? new UploadNotFound() : error
    }
  }

  /** Removes the multipart upload and the object, whichever is there. Safe to repeat. */
  async remove(uploadId: string, multipartId: string | undefined): Promise<void> {
    if (multipartId !== undefined) await this.abort(uploadId, multipartId)
    await this.#s3.send(new DeleteObjectCommand(this.#at(uploadId)))
  }

  /** Ids under which bytes lie, whether a row tells of them or not. */
  listIds(): AsyncGenerator<string> {
    return listOwners(this.#s3, this.#bucket, UPLOADS)
  }

  /** Removes everything below the upload's prefix, also what no row tells of. */
  erase(uploadId: string): Promise<Removed> {
    return emptyPrefix(this.#s3, this.#bucket, uploadPrefix(uploadId))
  }

  /** Ends a multipart upload and frees its parts. Safe to repeat. */
  async abort(uploadId: string, UploadId: string): Promise<void> {
    const call = this.#s3.send(new AbortMultipartUploadCommand({ ...this.#at(uploadId), UploadId }))
    await orGone(call).catch((error: unknown) => {
      if (!(error instanceof MultipartGone)) throw error
    })
  }
}

async function orGone<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call
  } catch (error) {
    // Each S3 operation models other exceptions, so some answer a generic one with this name.
    if (error instanceof NoSuchUpload || (error instanceof Error && error.name === 'NoSuchUpload'))
      throw new MultipartGone('No such multipart upload.', { cause: error })
    throw error
  }
}
