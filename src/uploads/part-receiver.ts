import type { Readable } from 'node:stream'
import type { Clock } from '../kernel/clock.ts'
import { isId } from '../kernel/ids.ts'
import * as failures from './failures.ts'
import { sizeOfPart } from './geometry.ts'
import { PartGate } from './part-gate.ts'
import { discard, feed, type FeedParts } from './part-intake.ts'
import type { PartRepository } from './part-repository.ts'
import { PartSlots, type PartSlot } from './part-slots.ts'
import { MultipartGone, type SourceStore } from './source-store.ts'
import { prolong, refuseClosed } from './states.ts'
import { geometryOfSession, type OpenSession, type Session, type StoredPart } from './upload.ts'
import type { UploadReader } from './upload-reader.ts'
import type { UploadRepository } from './upload-repository.ts'

/** One part as it comes in. `contentLength` in bytes; `client` is who sends it, for the limits of one. */
export type IncomingPart = {
  part: number
  body: Readable
  contentLength: number | undefined
  crc32: string | undefined
  client: string
}

export type PartReceiverParts = {
  repository: Pick<UploadRepository, 'findSession' | 'keep'>
  partRepository: Pick<PartRepository, 'readOne' | 'add'>
  store: Pick<SourceStore, 'putPart' | 'abort'>
  reader: Pick<UploadReader, 'learnParts'>
  /** Begins the multipart upload of a session that has none yet. */
  open: (session: Session, parts: { summed: boolean }) => Promise<OpenSession>
  clock: Clock
}

/** Takes parts in that come through this service. */
export class PartReceiver {
  readonly #parts: PartReceiverParts
  readonly #slots: PartSlots

  constructor(parts: PartReceiverParts) {
    this.#parts = parts
    this.#slots = new PartSlots(parts.clock)
  }

  /**
   * Takes one part in, verified before S3 has it; safe to repeat with the same bytes. Throws UploadBusy, UploadNotFound,
   * UploadExpired, UploadAborted, PartConflict, PartOutOfRange, LengthRequired, PartSize, ChecksumMismatch, PartStalled.
   */
  async receive(uploadId: string, incoming: IncomingPart): Promise<StoredPart> {
    if (!isId(uploadId)) throw new failures.UploadNotFound()
    const slot = this.#slots.take(incoming.client, uploadId)
    try {
      return await this.#receive(uploadId, incoming, slot)
    } finally {
      slot.free()
    }
  }

  async #receive(uploadId: string, incoming: IncomingPart, slot: PartSlot): Promise<StoredPart> {
    const { repository, partRepository, reader, clock } = this.#parts
    const { session, stored } = await partRepository.readOne(uploadId, incoming.part)
    if (!session) throw new failures.UploadNotFound()
    refuseClosed(session, clock.now())
    const size = checkLength(session, incoming)
    const gate = new PartGate({ part: incoming.part, size, crc32: incoming.crc32 })
    slot.watch(gate)
    const feeding = { clock, dropped: slot.signal }
    if (stored) {
      await this.#compare(incoming, gate, stored, feeding)
      await prolong(repository, session, clock.now())
      return stored
    }
    const part = await this.#store(await this.#open(session), incoming, gate, { ...feeding, size })
    await this.#settle(uploadId)
    reader.learnParts(uploadId, [part])
    return part
  }

  async #open(session: Session): Promise<OpenSession> {
    const { multipartId } = session
    if (multipartId !== undefined) return { ...session, multipartId }
    return this.#parts.open(session, { summed: false })
  }

  /** The bytes of a part that is stored already are read to the end and must be the same. */
  async #compare(
    { part, body }: IncomingPart,
    gate: PartGate,
    stored: StoredPart,
    feeding: FeedParts,
  ): Promise<void> {
    await feed(body, gate, feeding, discard)
    if (stored.crc32 !== undefined && stored.crc32 !== gate.crc32) throw failures.otherBytes(part)
  }

  async #store(
    { uploadId, multipartId, summed }: OpenSession,
    { part: number, body, crc32 }: IncomingPart,
    gate: PartGate,
    { size, ...feeding }: FeedParts & { size: number },
  ): Promise<StoredPart> {
    const { partRepository, store, clock } = this.#parts
    if (summed && crc32 === undefined) throw new failures.ChecksumRequired()
    const wanted = { number, size, crc32: summed ? crc32 : undefined }
    const etag = await feed(body, gate, feeding, (source, signal) =>
      store.putPart(uploadId, multipartId, { ...wanted, body: source }, signal),
    ).catch((error: unknown) => {
      throw error instanceof MultipartGone ? new failures.UploadAborted() : error
    })
    const part = { part: number, size, crc32: gate.crc32, etag, at: clock.now() }
    if (!(await partRepository.add(uploadId, part))) throw failures.otherBytes(number)
    return part
  }

  /**
   * An upload that was cancelled while the part was on its way: S3 may have taken it after the abort, and would keep it
   * (S3 API reference, AbortMultipartUpload), so it is aborted once more.
   */
  async #settle(uploadId: string): Promise<void> {
    const { repository, store, clock } = this.#parts
    const session = await repository.findSession(uploadId)
    if (session && ['open', 'completing', 'ready'].includes(session.state))
      return prolong(repository, session, clock.now())
    if (session?.multipartId !== undefined) await store.abort(uploadId, session.multipartId)
    throw new failures.UploadAborted()
  }
}

function checkLength(session: Session, { part, contentLength }: IncomingPart): number {
  const size = sizeOfPart(geometryOfSession(session), part)
  if (size === undefined) throw new failures.PartOutOfRange(part, session.partCount)
  if (contentLength === undefined) throw new failures.LengthRequired()
  if (contentLength !== size) throw new failures.PartSize(part, size, contentLength)
  return size
}
