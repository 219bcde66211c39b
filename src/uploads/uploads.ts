import type { Readable } from 'node:stream'
import type { Media, UploadRequest } from '../contract/index.ts'
import { IdempotencyConflict, idForRequest, requestHash } from '../kernel/idempotency.ts'
import { isId } from '../kernel/ids.ts'
import { HOUR_MS } from '../kernel/units.ts'
import { completeUpload, partNumbers, type CompleteParts } from './complete-upload.ts'
import * as failures from './failures.ts'
import { cleanFileName } from './file-name.ts'
import { geometryOf, sizeOfPart } from './geometry.ts'
import { PartGate } from './part-gate.ts'
import { createSlots, discard, feed } from './part-intake.ts'
import { MultipartGone } from './source-store.ts'
import { geometryOfSession, sourceExpiry, type Session, type Upload } from './upload.ts'

/** An open upload lives a day past its last part, and at most six days: S3 lifecycle rules clear what is older. */
const IDLE_LIFE_MS = 24 * HOUR_MS
const LONGEST_LIFE_MS = 6 * 24 * HOUR_MS
/** How far the expiry must move before it is written again: a part must not cost a write of the session. */
const EXPIRY_STEP_MS = HOUR_MS

export type UploadsParts = CompleteParts & { maxUploadBytes: number }

/** One part as it comes in. `contentLength` in bytes. */
export type IncomingPart = {
  part: number
  body: Readable
  contentLength: number | undefined
  crc32: string | undefined
}

/** Takes files in: sessions, verified parts, and the finished source. */
export class Uploads {
  readonly #parts: UploadsParts
  readonly #slots = createSlots()
  readonly #completing = new Map<string, Promise<Media>>()

  constructor(parts: UploadsParts) {
    this.#parts = parts
  }

  /** Begins an upload. Throws EmptyFile, UploadTooLarge, InvalidName, IdempotencyConflict. */
  async create(request: UploadRequest, idempotencyKey?: string): Promise<Upload> {
    const { repository, clock, maxUploadBytes, log } = this.#parts
    const name = cleanFileName(request.name)
    if (request.size === 0) throw new failures.EmptyFile()
    if (request.size > maxUploadBytes) throw new failures.UploadTooLarge(request.size, maxUploadBytes)
    const now = clock.now()
    const { won, session } = await repository.add({
      uploadId: idForRequest('upload', idempotencyKey),
      state: 'creating',
      name,
      ...geometryOf(request.size),
      requestHash: requestHash(request),
      createdAt: now,
      updatedAt: now,
      expiresAt: now + IDLE_LIFE_MS,
    })
    if (!session) throw new Error('A new session was neither written nor found.')
    if (!won && session.requestHash !== requestHash(request)) throw new IdempotencyConflict()
    if (session.state !== 'creating') return this.find(session.uploadId)
    const opened = await this.#open(session)
    log.info({ uploadId: opened.uploadId, sizeBytes: opened.size }, 'upload opened')
    return { session: opened, parts: [] }
  }

  /** The row is there before S3 is asked, so that a crash in between leaves something cleanup can find. */
  async #open({ uploadId }: Session): Promise<Session> {
    const { repository, store, clock } = this.#parts
    const multipartId = await store.begin(uploadId)
    const { won, session } = await repository.change(uploadId, ['creating'], {
      state: 'open',
      multipartId,
      updatedAt: clock.now(),
    })
    if (session?.multipartId !== multipartId) await store.abort(uploadId, multipartId)
    if (!session || (!won && session.state !== 'open')) throw new failures.UploadAborted()
    return session
  }

  /** The upload with its parts. Throws UploadNotFound, UploadExpired. */
  async find(uploadId: string): Promise<Upload> {
    const upload = isId(uploadId) ? await this.#parts.repository.find(uploadId) : undefined
    if (!upload) throw new failures.UploadNotFound()
    this.#refuseExpired(upload.session)
    return upload
  }

  /** Takes one part in, verified before S3 has it. Safe to repeat with the same bytes. */
  async receivePart(uploadId: string, incoming: IncomingPart): Promise<Upload> {
    const session = await this.#openSession(uploadId)
    const size = checkLength(session, incoming)
    const free = this.#slots.take(uploadId)
    try {
      await this.#storePart(session, { ...incoming, size })
    } finally {
      free()
    }
    await this.#prolong(session)
    return this.find(uploadId)
  }

  async #storePart(
    session: Session,
    { part, body, crc32, size }: IncomingPart & { size: number },
  ): Promise<void> {
    const { repository, store, clock } = this.#parts
    const { uploadId, multipartId = '' } = session
    const stored = await repository.findPart(uploadId, part)
    const gate = new PartGate({ part, size, crc32 })
    const other = new failures.PartConflict(`Part ${part} is stored already, with other bytes.`, { part })
    if (stored) {
      await feed(body, gate, discard)
      if (stored.crc32 !== gate.crc32) throw other
      return
    }
    const etag = await feed(body, gate, (source, signal) =>
      store.putPart(uploadId, multipartId, { number: part, size, body: source }, signal),
    ).catch((error: unknown) => {
      throw error instanceof MultipartGone ? new failures.UploadAborted() : error
    })
    const added = await repository.addPart(uploadId, { part, size, crc32: gate.crc32, etag, at: clock.now() })
    if (!added) throw other
  }

  async #prolong({ uploadId, createdAt, expiresAt }: Session): Promise<void> {
    const wanted = Math.min(this.#parts.clock.now() + IDLE_LIFE_MS, createdAt + LONGEST_LIFE_MS)
    if (wanted - expiresAt >= EXPIRY_STEP_MS) await this.#parts.repository.keep(uploadId, ['open'], wanted)
  }

  /**
   * Joins the parts and looks into the file; the same answer every time. Throws PartsMissing, ChecksumMismatch,
   * SourceRefused, UploadAborted, UploadExpired, UploadNotFound.
   */
  async complete(uploadId: string, wholeCrc32?: string): Promise<Media> {
    const { session } = await this.find(uploadId)
    if (session.state === 'ready' && session.media) return session.media
    if (session.state === 'failed' && session.refusal)
      throw new failures.SourceRefused(session.refusal.code, session.refusal.message)
    const running = this.#completing.get(uploadId) ?? this.#complete(session, wholeCrc32)
    this.#completing.set(uploadId, running)
    return running.finally(() => this.#completing.delete(uploadId))
  }

  async #complete({ uploadId }: Session, wholeCrc32: string | undefined): Promise<Media> {
    const { repository, clock } = this.#parts
    const { won, session } = await repository.change(uploadId, ['open', 'completing'], {
      state: 'completing',
      updatedAt: clock.now(),
    })
    if (won && session) return completeUpload(this.#parts, session, wholeCrc32)
    if (session?.state === 'ready' && session.media) return session.media
    throw new failures.UploadAborted()
  }

  /** Cancels an upload, or removes a finished one. Safe to repeat; unknown ids are fine, too. */
  async remove(uploadId: string): Promise<void> {
    const { repository, store, clock, log } = this.#parts
    if (!isId(uploadId)) return
    const removable = ['creating', 'open', 'completing', 'ready', 'failed', 'aborting'] as const
    const now = clock.now()
    const { won, session } = await repository.change(uploadId, removable, {
      state: 'aborting',
      updatedAt: now,
    })
    if (!won || !session) return
    await store.remove(uploadId, session.multipartId)
    await repository.removeParts(uploadId, partNumbers(session))
    await repository.change(uploadId, ['aborting'], { state: 'aborted', updatedAt: clock.now() })
    log.info({ uploadId }, 'upload removed')
  }

  /** A finished upload, kept at least until `neededUntil`. Throws UploadNotFound, UploadNotReady, UploadExpired. */
  async claimSource(uploadId: string, neededUntil: number): Promise<{ session: Session; media: Media }> {
    const session = isId(uploadId) ? await this.#parts.repository.findSession(uploadId) : undefined
    if (!session) throw new failures.UploadNotFound()
    this.#refuseExpired(session)
    if (session.state !== 'ready' || !session.media) throw new failures.UploadNotReady()
    if (!(await this.#outlives(session, neededUntil))) throw new failures.UploadExpired()
    return { session, media: session.media }
  }

  /** Has a finished upload live at least until then, even if its time is over; false when it is not there any more. */
  async keepSource(uploadId: string, neededUntil: number): Promise<boolean> {
    const session = await this.#parts.repository.findSession(uploadId)
    return session?.state === 'ready' && (await this.#outlives(session, neededUntil))
  }

  async #outlives({ uploadId, expiresAt }: Session, neededUntil: number): Promise<boolean> {
    if (expiresAt >= neededUntil) return true
    const { repository, retentionMs } = this.#parts
    const kept = await repository.keep(uploadId, ['ready'], sourceExpiry(neededUntil, retentionMs))
    return kept?.state === 'ready'
  }

  /** The bytes of a finished upload. Throws UploadNotFound when they are gone. */
  readSource(uploadId: string, signal: AbortSignal): Promise<Readable> {
    return this.#parts.store.read(uploadId, signal)
  }

  async #openSession(uploadId: string): Promise<Session> {
    const session = isId(uploadId) ? await this.#parts.repository.findSession(uploadId) : undefined
    if (!session) throw new failures.UploadNotFound()
    this.#refuseExpired(session)
    switch (session.state) {
      case 'open':
        return session
      case 'creating':
        throw new failures.UploadNotFound()
      case 'completing':
      case 'ready':
        throw new failures.PartConflict('This upload is complete and takes no more parts.')
      case 'aborting':
      case 'aborted':
      case 'failed':
      case 'deleting':
      case 'gone':
        throw new failures.UploadAborted()
    }
  }

  #refuseExpired({ state, expiresAt }: Session): void {
    if (state === 'deleting' || state === 'gone' || expiresAt <= this.#parts.clock.now())
      throw new failures.UploadExpired()
  }
}

function checkLength(session: Session, { part, contentLength }: IncomingPart): number {
  const size = sizeOfPart(geometryOfSession(session), part)
  if (size === undefined) throw new failures.PartOutOfRange(part, session.partCount)
  if (contentLength === undefined) throw new failures.LengthRequired()
  if (contentLength !== size) throw new failures.PartSize(part, size, contentLength)
  return size
}
