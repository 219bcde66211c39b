import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type GetObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { emptyPrefix, httpStatus, listOwners, StoreUnavailable, type Removed } from '../aws/index.ts'
import { MiB } from '../kernel/units.ts'
import { RangeNotSatisfiable } from './failures.ts'
import { Receipt, receiptKey, resultPrefix, RESULTS, type Job } from './job.ts'
import { readOn } from './read-on.ts'

/** Memory of one result on its way is part size times this. */
const PARTS_AT_ONCE = 3
const PART_BYTES = 8 * MiB
const MOST_PARTS = 10_000
const LINK_LIFE_SECONDS = 3600

/** A file in the store, as it is told to those who fetch it. Size in bytes. */
export type StoredFile = { key: string; size: number; mimeType: string; fileName: string }

/** Times in epoch milliseconds. */
export type StoredResult = StoredFile & { jobId: string; finishedAt: number; expiresAt: number }

/** Bytes of a file, the whole or the range that was asked for. */
export type StoredBytes = { body: Readable; length: number; contentRange: string | undefined }

/** Results in S3, and what is made of sounds and kept beside them. */
export class ResultStore {
  readonly #s3: S3Client
  readonly #bucket: string
  readonly #signer: S3Client

  constructor({ s3, bucket, signer }: { s3: S3Client; bucket: string; signer: S3Client }) {
    this.#s3 = s3
    this.#bucket = bucket
    this.#signer = signer
  }

  /**
   * Stores a file as one multipart upload (or one put, when it is small); calls `onBytes` as it goes. Throws the signal's
   * reason when that aborts.
   */
  async put(
    file: { path: string; key: string; sizeBytes: number; mimeType: string },
    signal: AbortSignal,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    const { path, key, sizeBytes, mimeType } = file
    signal.throwIfAborted()
    const upload = new Upload({
      client: this.#s3,
      params: { Bucket: this.#bucket, Key: key, Body: createReadStream(path), ContentType: mimeType },
      queueSize: PARTS_AT_ONCE,
      partSize: Math.max(PART_BYTES, Math.ceil(sizeBytes / MOST_PARTS / MiB) * MiB),
    })
    upload.on('httpUploadProgress', ({ loaded = 0 }) => onBytes(loaded))
    const abort = () => void upload.abort()
    signal.addEventListener('abort', abort, { once: true })
    try {
      await upload.done()
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  putText(key: string, text: string): Promise<void> {
    return this.putBytes(key, Buffer.from(text), 'text/plain; charset=utf-8')
  }

  /** A text that was put here, empty when there is none. */
  async readText(key: string): Promise<string> {
    return (await this.readBytes(key))?.toString('utf8') ?? ''
  }

  /** Stores what is small enough to be held in memory. */
  async putBytes(key: string, bytes: Buffer, mimeType: string): Promise<void> {
    const what = { Body: bytes, ContentType: mimeType }
    await this.#s3.send(new PutObjectCommand({ Bucket: this.#bucket, Key: key, ...what }))
  }

  /** Bytes that were put here; undefined when there are none. */
  async readBytes(key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await this.#get(key, undefined)
      const bytes = await Body?.transformToByteArray().catch((cause: unknown) => {
        throw new StoreUnavailable('objects', cause)
      })
      return Buffer.from(bytes ?? [])
    } catch (error) {
      if (httpStatus(error) === 404) return undefined
      throw error
    }
  }

  /** Size of a file in bytes; undefined when there is none. */
  async sizeOf(key: string): Promise<number | undefined> {
    try {
      const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: key })
      return (await this.#s3.send(command)).ContentLength
    } catch (error) {
      if (httpStatus(error) === 404) return undefined
      throw error
    }
  }

  /** What a lease before this one finished and could not commit; the result itself is there, whole. */
  async findReceipt(job: Job): Promise<Receipt | undefined> {
    const { Contents = [] } = await this.#s3.send(
      new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: resultPrefix(job.jobId) }),
    )
    const sizes = new Map(Contents.map(({ Key = '', Size }) => [Key, Size]))
    for (let fence = job.fence - 1; fence > 0; fence--) {
      const key = receiptKey({ ...job, fence })
      if (!sizes.has(key)) continue
      const receipt = Receipt.parse(JSON.parse(await this.readText(key)))
      if (sizes.get(receipt.result.key) === receipt.result.size) return receipt
    }
    return undefined
  }

  /**
   * Opens a file, or one range of it (`Range` header as RFC 9110 has it); undefined when it is gone. Throws
   * RangeNotSatisfiable.
   */
  async open(
    { key, size }: Pick<StoredFile, 'key' | 'size'>,
    range: string | undefined,
  ): Promise<StoredBytes | undefined> {
    try {
      const { Body, ContentLength: length = size, ContentRange: contentRange } = await this.#get(key, range)
      const [, start = 0] = /^bytes (\d+)-/.exec(contentRange ?? '') ?? []
      const last = Number(start) + length - 1
      const reopen = async (given: number) =>
        (await this.#get(key, `bytes=${Number(start) + given}-${last}`)).Body as Readable
      return { body: readOn(Body as Readable, length, reopen), length, contentRange }
    } catch (error) {
      if (httpStatus(error) === 404) return undefined
      if (httpStatus(error) === 416) throw new RangeNotSatisfiable(size)
      throw error
    }
  }

  #get(key: string, range: string | undefined): Promise<GetObjectCommandOutput> {
    return this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key, Range: range }))
  }

  /** Ids under which results lie, whether a row tells of them or not. */
  listIds(): AsyncGenerator<string> {
    return listOwners(this.#s3, this.#bucket, RESULTS)
  }

  /** Removes every result of a job, also those of leases that were lost. */
  erase(jobId: string): Promise<Removed> {
    return emptyPrefix(this.#s3, this.#bucket, resultPrefix(jobId))
  }

  /** A link straight to S3 that anybody may follow for an hour. */
  link({ key, mimeType }: StoredFile, contentDisposition: string): Promise<string> {
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      ResponseContentType: mimeType,
      ResponseContentDisposition: contentDisposition,
    })
    return getSignedUrl(this.#signer, command, { expiresIn: LINK_LIFE_SECONDS })
  }
}
