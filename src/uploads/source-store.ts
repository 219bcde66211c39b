import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Readable } from 'node:stream'
import { emptyPrefix, httpStatus, isMultipartGone, listOwners, type Removed } from '../aws/index.ts'
import { HOUR_MS, SECOND_MS } from '../kernel/units.ts'
import { UploadNotFound } from './failures.ts'
import { sourceKey, uploadPrefix, UPLOADS } from './upload.ts'

/** The multipart upload is not there any more: joined or aborted, by us or by somebody else. */
export class MultipartGone extends Error {}

/** S3 has not the parts any more that it listed a moment ago: one was sent again meanwhile. */
export class PartsChanged extends Error {}

/** A part as S3 lists it; the truth at `complete`. `crc32`: 8 hex digits, where S3 has verified it. */
export type ListedPart = { size: number; etag: string; crc32?: string; modifiedAt: number }

/** A part on its way: its size in bytes, and its CRC-32 (8 hex digits) where S3 is to verify that. */
export type PartToSend = { number: number; size: number; crc32: string | undefined }

/** Where a client may send one part straight to S3. */
export type SignedPart = { url: string; headers: Record<string, string> }

/** How long a link to send a part by is good. S3 looks at the time when the request begins. */
export const LINK_LIFE_MS = HOUR_MS

/**
 * The bytes of uploads in S3, one multipart upload each. Throws {@link MultipartGone} where S3 has none. `s3`
 * must add no checksums of its own: a multipart upload takes those it was begun with, and no others. `signer` makes
 * links, to S3 as clients reach it.
 */
export class SourceStore {
  readonly #s3: S3Client
  readonly #bucket: string
  readonly #signer: S3Client

  constructor({ s3, bucket, signer }: { s3: S3Client; bucket: string; signer: S3Client }) {
    this.#s3 = s3
    this.#bucket = bucket
    this.#signer = signer
  }

  #at(uploadId: string) {
    return { Bucket: this.#bucket, Key: sourceKey(uploadId) }
  }

  /** Begins a multipart upload; with `summed` S3 takes no part without a CRC-32, and verifies it. */
  async begin(uploadId: string, { summed }: { summed: boolean }): Promise<string> {
    const { UploadId } = await this.#s3.send(
      new CreateMultipartUploadCommand({
        ...this.#at(uploadId),
        ...(summed && { ChecksumAlgorithm: 'CRC32', ChecksumType: 'COMPOSITE' }),
      }),
    )
    if (UploadId === undefined) throw new Error('S3 began a multipart upload without an id.')
    return UploadId
  }

  /** Streams one part of known size; `signal` must abort when `body` fails, or the request would hang. Gives the ETag. */
  async putPart(
    uploadId: string,
    UploadId: string,
    part: PartToSend & { body: Readable },
    abortSignal: AbortSignal,
  ): Promise<string> {
    const command = new UploadPartCommand({ ...this.#part(uploadId, UploadId, part), Body: part.body })
    const { ETag } = await orGone(this.#s3.send(command, { abortSignal }))
    if (ETag === undefined) throw new Error('S3 took a part without an ETag.')
    return ETag
  }

  /** A link by which anybody may send one part, of exactly this size and checksum, straight to S3 for an hour. */
  async signPart(uploadId: string, multipartId: string, part: PartToSend): Promise<SignedPart> {
    const command = new UploadPartCommand(this.#part(uploadId, multipartId, part))
    const url = await getSignedUrl(this.#signer, command, {
      expiresIn: LINK_LIFE_MS / SECOND_MS,
      unhoistableHeaders: new Set([CHECKSUM_HEADER]), // S3 verifies a header; in the URL it would only be signed
    })
    return { url, headers: part.crc32 === undefined ? {} : { [CHECKSUM_HEADER]: toBase64(part.crc32) } }
  }

  #part(uploadId: string, UploadId: string, { number: PartNumber, size: ContentLength, crc32 }: PartToSend) {
    const ChecksumCRC32 = crc32 === undefined ? undefined : toBase64(crc32)
    return { ...this.#at(uploadId), UploadId, PartNumber, ContentLength, ChecksumCRC32 }
  }

  /** Every part S3 holds whose number is above `after`, a page a thousand. */
  async listParts(uploadId: string, UploadId: string, after = 0): Promise<Map<number, ListedPart>> {
    const parts = new Map<number, ListedPart>()
    let marker = after === 0 ? undefined : `${after}`
    do {
      const page = await orGone(
        this.#s3.send(new ListPartsCommand({ ...this.#at(uploadId), UploadId, PartNumberMarker: marker })),
      )
      for (const { PartNumber = 0, Size: size = -1, ETag: etag = '', ...rest } of page.Parts ?? []) {
        const crc32 = rest.ChecksumCRC32 === undefined ? {} : { crc32: toHex(rest.ChecksumCRC32) }
        parts.set(PartNumber, { size, etag, ...crc32, modifiedAt: rest.LastModified?.getTime() ?? 0 })
      }
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
    } while (marker !== undefined)
    return parts
  }

  /** Joins parts as they were listed. Throws {@link PartsChanged} when S3 has others by now. */
  async join(uploadId: string, UploadId: string, parts: ReadonlyMap<number, ListedPart>): Promise<void> {
    const Parts = [...parts.entries()]
      .sort(([a], [b]) => a - b)
      .map(([PartNumber, { etag: ETag, crc32 }]) => {
        return { PartNumber, ETag, ...(crc32 !== undefined && { ChecksumCRC32: toBase64(crc32) }) }
      })
    const command = { ...this.#at(uploadId), UploadId, MultipartUpload: { Parts } }
    await orGone(this.#s3.send(new CompleteMultipartUploadCommand(command))).catch((cause: unknown) => {
      const isChanged = cause instanceof Error && cause.name === 'InvalidPart'
      throw isChanged ? new PartsChanged('A part was sent again meanwhile.', { cause }) : cause
    })
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

  /** Removes the multipart upload, the object and what was made of it, whichever is there. Safe to repeat. */
  async remove(uploadId: string, multipartId: string | undefined): Promise<void> {
    if (multipartId !== undefined) await this.abort(uploadId, multipartId)
    await this.erase(uploadId)
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

const CHECKSUM_HEADER = 'x-amz-checksum-crc32'
const toBase64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')
const toHex = (base64: string) => Buffer.from(base64, 'base64').toString('hex')

async function orGone<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call
  } catch (error) {
    throw isMultipartGone(error) ? new MultipartGone('No such multipart upload.', { cause: error }) : error
  }
}
