import { LRUCache } from 'lru-cache'
import { StoreUnavailable } from '../aws/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { isId } from '../kernel/ids.ts'
import type { Meter } from '../kernel/meter.ts'
import { MINUTE_MS, SECOND_MS } from '../kernel/units.ts'
import { UploadNotFound } from './failures.ts'
import { firstGap } from './geometry.ts'
import type { DirectParts } from './direct-parts.ts'
import type { PartRepository } from './part-repository.ts'
import { refuseExpired } from './states.ts'
import type { Session, StoredPart, Upload } from './upload.ts'

/** What is remembered, in rows: an upload is one and as many as it has parts. */
const MOST_ROWS = 200_000
/** An upload under way moves all the time; one that has ended may only be deleted. */
const FRESH_MS = { moving: SECOND_MS, ended: MINUTE_MS / 2, absent: SECOND_MS }
/** After a read that failed, the store is left alone for so long. */
const LEFT_ALONE_MS = 2 * SECOND_MS

/** What one process knows of an upload; `session` is undefined where there is none. */
type Known = {
  session: Session | undefined
  parts: Map<number, StoredPart>
  asOf: number
  freshUntil: number
  stale: boolean
}

/** An upload as this process knows it; `asOf` in epoch milliseconds. */
export type Seen = Upload & { asOf: number; stale: boolean }

export type UploadReaderParts = {
  partRepository: Pick<PartRepository, 'read'>
  direct: Pick<DirectParts, 'take' | 'takeInBackground'>
  clock: Clock
  meter: Pick<Meter, 'recordRead'>
}

/**
 * How uploads stand, for any number of people who ask: each is read once per interval, however many they are, and of its
 * parts only those after the first gap. While the store is away, what was last known is told as stale.
 */
export class UploadReader {
  readonly #parts: UploadReaderParts
  readonly #known = new LRUCache<string, Known>({
    maxSize: MOST_ROWS,
    sizeCalculation: ({ parts }) => 1 + parts.size,
  })
  readonly #reading = new Map<string, Promise<Known>>()

  constructor(parts: UploadReaderParts) {
    this.#parts = parts
  }

  /** The upload as it is at this moment. Throws UploadNotFound, UploadExpired, StoreUnavailable. */
  async find(uploadId: string): Promise<Upload> {
    if (!isId(uploadId)) throw new UploadNotFound()
    const { partRepository, direct, clock } = this.#parts
    const asOf = clock.now()
    const upload = await partRepository.read(uploadId)
    if (!upload) throw new UploadNotFound()
    refuseExpired(upload.session, asOf)
    const parts = await direct.take(upload)
    this.#keep(uploadId, upload.session, parts, asOf)
    return { session: upload.session, parts }
  }

  /** The upload as it was a moment ago. Throws UploadNotFound, UploadExpired; StoreUnavailable when nothing is known. */
  async look(uploadId: string): Promise<Seen> {
    if (!isId(uploadId)) throw new UploadNotFound()
    const { session, parts, asOf, stale } = await this.#look(uploadId)
    if (!session) throw new UploadNotFound()
    refuseExpired(session, this.#parts.clock.now())
    const upload = { session, parts: [...parts.values()] }
    if (!stale) this.#parts.direct.takeInBackground(upload, (taken) => this.learnParts(uploadId, taken))
    return { ...upload, asOf, stale }
  }

  /** Takes over parts that this process has just stored itself. */
  learnParts(uploadId: string, stored: readonly StoredPart[]): void {
    const known = this.#known.get(uploadId)
    if (!known) return
    for (const part of stored) known.parts.set(part.part, part)
    this.#known.set(uploadId, { ...known }) // a new object, or its size would not be counted anew
  }

  /** The next one who asks has the upload read anew, whole. */
  forget(uploadId: string): void {
    this.#known.delete(uploadId)
  }

  async #look(uploadId: string): Promise<Known> {
    const known = this.#known.get(uploadId)
    const now = this.#parts.clock.now()
    const isFresh = known !== undefined && now < known.freshUntil
    // Whoever shares the read of another costs nothing either.
    this.#parts.meter.recordRead('upload', isFresh || this.#reading.has(uploadId))
    if (isFresh) return known
    try {
      return await this.#readOnce(uploadId)
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || !known?.session) throw error
      const last = { ...known, stale: true, freshUntil: now + LEFT_ALONE_MS }
      this.#known.set(uploadId, last)
      return last
    }
  }

  #readOnce(uploadId: string): Promise<Known> {
    const reading =
      this.#reading.get(uploadId) ?? this.#read(uploadId).finally(() => this.#reading.delete(uploadId))
    this.#reading.set(uploadId, reading)
    return reading
  }

  /** Only parts after the first gap are read: the others stay until the session says otherwise by a new `updatedAt`. */
  async #read(uploadId: string): Promise<Known> {
    const { partRepository, direct, clock } = this.#parts
    const asOf = clock.now()
    const from = firstGap(this.#known.get(uploadId)?.parts)
    let upload = await partRepository.read(uploadId, from)
    const known = this.#known.get(uploadId)
    const isSame = upload?.session.updatedAt === known?.session?.updatedAt
    if (!isSame && from > 1) upload = await partRepository.read(uploadId)
    if (!upload) return this.#keep(uploadId, undefined, [], asOf)
    const { session, parts } = upload
    // Who knows nothing yet asks S3, too; that it does not answer must not keep what the rows say.
    return this.#keep(uploadId, session, known ? parts : await direct.take(upload).catch(() => parts), asOf)
  }

  #keep(uploadId: string, session: Session | undefined, parts: StoredPart[], asOf: number): Known {
    const before = this.#known.get(uploadId) // it may have learnt of parts while others were read
    const isSame = before?.session?.updatedAt === session?.updatedAt
    const all = [...(isSame && before ? before.parts.values() : []), ...parts]
    const byNumber = new Map(all.map((part) => [part.part, part]))
    const known = { session, parts: byNumber, asOf, freshUntil: asOf + freshForMs(session), stale: false }
    this.#known.set(uploadId, known)
    return known
  }
}

function freshForMs(session: Session | undefined): number {
  if (!session) return FRESH_MS.absent
  return ['creating', 'open', 'completing'].includes(session.state) ? FRESH_MS.moving : FRESH_MS.ended
}
