import type { UppyCompleteRequest, UppyCreateRequest } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Requester } from '../kernel/idempotency.ts'
import { MiB, SECOND_MS } from '../kernel/units.ts'
import { PartConflict, SizeRequired, UploadNotFound } from './failures.ts'
import { MOST_PARTS } from './geometry.ts'
import type { PartTarget } from './targets.ts'
import type { Uploads } from './uploads.ts'

/** How Uppy cuts a file when `getChunkSize` is left alone (@uppy/aws-s3 5 and 6: at least 5 MiB, at most 10,000 parts). */
const uppyPartSize = (sizeBytes: number) => Math.max(5 * MiB, Math.ceil(sizeBytes / MOST_PARTS))

/**
 * Uploads as the S3 plugin of Uppy drives them through Companion. What it calls `uploadId` and `key` is the id of an
 * upload of ours; `capability` is the id that the path begins with, the only upload such a path can touch.
 */
export class Uppy {
  readonly #uploads: Uploads
  readonly #clock: Clock

  constructor({ uploads, clock }: { uploads: Uploads; clock: Clock }) {
    this.#uploads = uploads
    this.#clock = clock
  }

  /** Takes up the upload of the path, or begins one; gives its id. Throws SizeRequired and what {@link Uploads.create} throws. */
  async begin(
    capability: string | undefined,
    request: UppyCreateRequest,
    requester: Requester = {},
  ): Promise<string> {
    const uploadId = capability ?? (await this.#create(request, requester))
    await this.#uploads.adopt(uploadId, uppyPartSize)
    return uploadId
  }

  async #create(
    { filename, type, metadata: { size } }: UppyCreateRequest,
    requester: Requester,
  ): Promise<string> {
    if (size === undefined) throw new SizeRequired()
    const { session } = await this.#uploads.create({ name: filename, size, ...(type && { type }) }, requester)
    return session.uploadId
  }

  /** Parts that are stored, as S3 would list them. */
  async list(uploadId: string) {
    const { parts } = await this.#uploads.find(uploadId)
    const inOrder = [...parts].sort((a, b) => a.part - b.part)
    return inOrder.map(({ part, size, etag }) => ({ PartNumber: part, Size: size, ETag: etag }))
  }

  /** Where to send a part, also one that is stored: its answer may have been lost. */
  async target(uploadId: string, part: number): Promise<PartTarget & { expiresInSeconds: number }> {
    const target = await this.#uploads.target(uploadId, part)
    const expiresInSeconds = Math.floor((target.expiresAt - this.#clock.now()) / SECOND_MS)
    return { ...target, expiresInSeconds }
  }

  /** Completes the upload as everybody else does; a part that the client knows other bytes of is a conflict. */
  async complete(uploadId: string, { parts }: UppyCompleteRequest): Promise<void> {
    const { parts: stored } = await this.#uploads.find(uploadId)
    const etags = new Map(stored.map(({ part, etag }) => [part, bare(etag)]))
    const other = parts.find(({ PartNumber, ETag }) => (etags.get(PartNumber) ?? bare(ETag)) !== bare(ETag))
    if (other) throw new PartConflict(`Part ${other.PartNumber} is stored with another ETag.`)
    await this.#uploads.complete(uploadId)
  }

  async abort(uploadId: string): Promise<void> {
    await this.#uploads.remove(uploadId)
  }
}

/** The upload that a request is about: never another one than that of its path. */
export function uppyUploadId(path: { capability?: string | undefined; uploadId: string }): string {
  if (path.capability !== undefined && path.capability !== path.uploadId) throw new UploadNotFound()
  return path.uploadId
}

/** Uppy leaves out the quotes that an ETag has. */
const bare = (etag: string) => etag.replaceAll('"', '')
