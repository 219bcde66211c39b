import type { Media, TargetsRequest, UploadRequest } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { IdempotencyConflict, idForRequest, requestHash, type Requester } from '../kernel/idempotency.ts'
import { isId } from '../kernel/ids.ts'
import type { Meter } from '../kernel/meter.ts'
import { currentContext } from '../kernel/work-context.ts'
import { completeUpload, partNumbers, refuseOther, type CompleteParts } from './complete-upload.ts'
import { DirectParts } from './direct-parts.ts'
import * as failures from './failures.ts'
import { cleanFileName } from './file-name.ts'
import { geometryOf } from './geometry.ts'
import { PartReceiver, type IncomingPart } from './part-receiver.ts'
import type { PartRepository } from './part-repository.ts'
import type { SourceStore } from './source-store.ts'
import { Sources } from './sources.ts'
import { findLiving, firstExpiry, prolong, refusalOf, refuseClosed } from './states.ts'
import { findTargets, type PartTarget } from './targets.ts'
import { UploadReader, type Seen } from './upload-reader.ts'
import type { OpenSession, Session, Upload } from './upload.ts'
import type { UploadRepository } from './upload-repository.ts'

export type UploadsParts = CompleteParts & {
  repository: Pick<UploadRepository, 'add' | 'change' | 'findSession' | 'keep'>
  partRepository: PartRepository
  store: Pick<SourceStore, 'begin' | 'putPart' | 'signPart' | 'abort'>
  clock: Clock
  meter: Pick<Meter, 'recordRead'>
  maxUploadBytes: number
  /** Smallest part that is asked for, in bytes. */
  smallestPartBytes: number
  /** Whether clients send parts through this service, or straight to S3. */
  transport: Session['transport']
}

/** Takes files in: sessions, verified parts, and the finished source. */
export class Uploads {
  readonly #parts: UploadsParts
  readonly #reader: UploadReader
  readonly #receiver: PartReceiver
  readonly #opening = new Map<string, Promise<OpenSession>>()
  readonly #completing = new Map<string, ReturnType<typeof completeUpload>>()
  /** Finished uploads, for those who convert them. */
  readonly sources: Sources

  constructor(parts: UploadsParts) {
    this.#parts = parts
    this.#reader = new UploadReader({ ...parts, direct: new DirectParts(parts) })
    this.#receiver = new PartReceiver({
      ...parts,
      reader: this.#reader,
      open: (session, how) => this.#open(session, { ...how, transport: 'proxy' }),
    })
    this.sources = new Sources(parts)
  }

  /** Begins an upload. Throws EmptyFile, UploadTooLarge, InvalidName, IdempotencyConflict. */
  async create(request: UploadRequest, requester: Requester = {}): Promise<Upload> {
    const { repository, clock, maxUploadBytes, smallestPartBytes, transport } = this.#parts
    const name = cleanFileName(request.name)
    if (request.size === 0) throw new failures.EmptyFile()
    if (request.size > maxUploadBytes) throw new failures.UploadTooLarge(request.size, maxUploadBytes)
    const now = clock.now()
    const { won, session } = await repository.add({
      uploadId: idForRequest('upload', requester),
      ...{
        state: 'creating',
        name,
        transport,
        summed: false,
        ...geometryOf(request.size, smallestPartBytes),
      },
      ...(request.crc32 !== undefined && { crc32: request.crc32.toLowerCase() }),
      requestHash: requestHash(request),
      traceparent: currentContext().traceparent,
      ...{ createdAt: now, updatedAt: now, expiresAt: firstExpiry(now) },
    })
    if (!session) throw new Error('A new session was neither written nor found.')
    if (!won && session.requestHash !== requestHash(request)) throw new IdempotencyConflict()
    if (session.state !== 'creating') return this.find(session.uploadId)
    // Whether S3 is to verify checksums shows with the first targets.
    if (transport === 'direct') return { session, parts: [] }
    return { session: await this.#open(session, { summed: false, transport }), parts: [] }
  }

  /** Begins the multipart upload of a session, once for all who ask at the same time. */
  #open(session: Session, how: Pick<Session, 'summed' | 'transport'>): Promise<OpenSession> {
    const { uploadId } = session
    const opening =
      this.#opening.get(uploadId) ?? this.#begin(session, how).finally(() => this.#opening.delete(uploadId))
    this.#opening.set(uploadId, opening)
    return opening
  }

  /** The row is there before S3 is asked, so that a crash in between leaves something cleanup can find. */
  async #begin({ uploadId }: Session, how: Pick<Session, 'summed' | 'transport'>): Promise<OpenSession> {
    const { repository, store, clock, log, meter } = this.#parts
    const multipartId = await store.begin(uploadId, how)
    const { won, session } = await repository.change(uploadId, ['creating'], {
      ...{ state: 'open', ...how, multipartId, updatedAt: clock.now() },
    })
    if (session?.multipartId !== multipartId) await store.abort(uploadId, multipartId)
    if (!session || (!won && session.state !== 'open')) throw new failures.UploadAborted()
    if (won) log.info({ uploadId, sizeBytes: session.size, ...how }, 'upload opened')
    if (won) meter.uploadMoved('opened')
    return { ...session, multipartId: session.multipartId ?? multipartId }
  }

  /** The upload with its parts, as it is. Throws UploadNotFound, UploadExpired. */
  find(uploadId: string): Promise<Upload> {
    return this.#reader.find(uploadId)
  }

  /** The upload as it was a moment ago, for any number of people who ask. Throws UploadNotFound, UploadExpired. */
  look(uploadId: string): Promise<Seen> {
    return this.#reader.look(uploadId)
  }

  /**
   * Where parts are to be sent; none for those that are stored. Throws UploadNotFound, UploadExpired, UploadAborted,
   * SourceRefused, PartOutOfRange, PartConflict, ChecksumRequired.
   */
  async targets(
    uploadId: string,
    { want }: TargetsRequest,
  ): Promise<{ upload: Upload; targets: PartTarget[] }> {
    const { repository, store, clock, transport } = this.#parts
    const upload = await this.#reader.look(uploadId)
    const isOver = upload.session.state === 'completing' || upload.session.state === 'ready'
    if (isOver) return { upload, targets: [] }
    refuseClosed(upload.session, clock.now())
    const summed = want.some(({ crc32 }) => crc32 !== undefined)
    const session =
      upload.session.state === 'creating' && transport === 'direct'
        ? await this.#openAnew(upload.session, summed)
        : upload.session
    await prolong(repository, session, clock.now())
    return { upload, targets: await findTargets(store, { ...upload, session }, want, clock.now()) }
  }

  /** Where one part is to be sent, whether it is stored or not. Throws as {@link Uploads.targets}. */
  async target(uploadId: string, part: number): Promise<PartTarget> {
    const { store, clock } = this.#parts
    const { session } = await this.#reader.look(uploadId)
    refuseClosed(session, clock.now())
    const [target] = await findTargets(store, { session, parts: [] }, [{ part }], clock.now())
    if (!target) throw new failures.PartOutOfRange(part, session.partCount)
    return target
  }

  /**
   * Opens an upload for a client that gives no checksums and cuts files in its own way: as long as nothing is stored,
   * `partSizeOf` of its size says how. Throws as {@link Uploads.targets}.
   */
  async adopt(uploadId: string, partSizeOf: (sizeBytes: number) => number): Promise<void> {
    const { repository, clock, transport } = this.#parts
    const { session, parts } = await this.find(uploadId)
    refuseClosed(session, clock.now())
    if (session.state === 'creating') await this.#open(session, { summed: false, transport })
    const partSize = partSizeOf(session.size)
    if (parts.length > 0 || partSize === session.partSize) return
    const partCount = Math.ceil(session.size / partSize)
    await repository.change(uploadId, ['open'], { partSize, partCount, updatedAt: clock.now() })
    this.#reader.forget(uploadId)
  }

  async #openAnew(session: Session, summed: boolean): Promise<OpenSession> {
    const opened = await this.#open(session, { summed, transport: 'direct' })
    this.#reader.forget(session.uploadId)
    return opened
  }

  /** Takes one part in; gives its ETag, and the upload as this process knows it. See {@link PartReceiver.receive}. */
  async receivePart(uploadId: string, incoming: IncomingPart): Promise<{ upload: Upload; etag: string }> {
    const { etag } = await this.#receiver.receive(uploadId, incoming)
    return { upload: await this.#reader.look(uploadId), etag }
  }

  /**
   * Joins the parts and looks into the file; the same answer every time. Throws PartsMissing, ChecksumMismatch,
   * SourceRefused, UploadAborted, UploadExpired, UploadNotFound.
   */
  async complete(uploadId: string, wholeCrc32?: string): Promise<Media> {
    const announced = wholeCrc32 === undefined ? [] : [wholeCrc32.toLowerCase()]
    const session = await findLiving(this.#parts.repository, uploadId, this.#parts.clock.now())
    const { media, crc32 } = await this.#completed(session, announced).finally(() =>
      this.#reader.forget(uploadId),
    )
    if (crc32 !== undefined) refuseOther(announced, crc32)
    return media
  }

  async #completed(session: Session, announced: readonly string[]): Promise<Session & { media: Media }> {
    const { uploadId, state, media } = session
    if (state === 'ready' && media) return { ...session, media }
    if (state === 'failed') throw refusalOf(session)
    const running = this.#completing.get(uploadId) ?? this.#complete(session, announced)
    this.#completing.set(uploadId, running)
    return running.finally(() => this.#completing.delete(uploadId))
  }

  async #complete({ uploadId }: Session, announced: readonly string[]): Promise<Session & { media: Media }> {
    const { repository, clock, log } = this.#parts
    const values = { state: 'completing', updatedAt: clock.now() } as const
    const { won, session } = await repository.change(uploadId, ['creating', 'open', 'completing'], values)
    if (won && session) {
      log.info({ uploadId }, 'upload completing')
      return completeUpload(this.#parts, session, [...announced, ...(session.crc32 ? [session.crc32] : [])])
    }
    if (session?.state === 'ready' && session.media) return { ...session, media: session.media }
    throw session?.state === 'failed' ? refusalOf(session) : new failures.UploadAborted()
  }

  /** Cancels an upload, or removes a finished one. Safe to repeat; unknown ids are fine, too. */
  async remove(uploadId: string): Promise<void> {
    const { repository, partRepository, store, clock, log, meter } = this.#parts
    if (!isId(uploadId)) return
    const removable = ['creating', 'open', 'completing', 'ready', 'failed', 'aborting'] as const
    const values = { state: 'aborting', updatedAt: clock.now() } as const
    const { won, session } = await repository.change(uploadId, removable, values)
    this.#reader.forget(uploadId)
    if (!won || !session) return
    await store.remove(uploadId, session.multipartId)
    await partRepository.remove(uploadId, partNumbers(session))
    await repository.change(uploadId, ['aborting'], { state: 'aborted', updatedAt: clock.now() })
    log.info({ uploadId }, 'upload removed')
    meter.uploadMoved('removed')
  }
}
