import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { firstGap, sizeOfPart } from './geometry.ts'
import type { PartRepository } from './part-repository.ts'
import { MultipartGone, type ListedPart, type SourceStore } from './source-store.ts'
import { prolong } from './states.ts'
import { geometryOfSession, type Session, type StoredPart, type Upload } from './upload.ts'
import type { UploadRepository } from './upload-repository.ts'

/** How often S3 is asked in the background which parts of one upload it has. */
const TAKE_EVERY_MS = 3 * SECOND_MS

export type DirectPartsParts = {
  repository: Pick<UploadRepository, 'keep'>
  partRepository: Pick<PartRepository, 'addListed'>
  store: Pick<SourceStore, 'listParts'>
  clock: Clock
  log: Log
}

/** Parts that clients send straight to S3. Nobody tells of them: their rows are made from what S3 lists. */
export class DirectParts {
  readonly #parts: DirectPartsParts
  readonly #takenAt = new Map<string, number>()

  constructor(parts: DirectPartsParts) {
    this.#parts = parts
  }

  /** All parts of an upload, those included that S3 has and no row tells of yet. */
  async take({ session, parts }: Upload): Promise<StoredPart[]> {
    const { uploadId, multipartId, state, transport } = session
    if (transport === 'proxy' || state !== 'open' || multipartId === undefined) return parts
    const taken = await this.#takeNew(session, multipartId, parts)
    const byNumber = new Map([...parts, ...taken].map((part) => [part.part, part]))
    if (taken.length > 0) this.#parts.log.debug({ uploadId, parts: taken.length }, 'parts found in S3')
    return [...byNumber.values()]
  }

  /** The same every few seconds at most, without waiting; `learn` is told of what was found. */
  takeInBackground(upload: Upload, learn: (parts: StoredPart[]) => void): void {
    const { uploadId, transport, state } = upload.session
    const now = this.#parts.clock.now()
    if (transport === 'proxy' || state !== 'open') return
    if (now - (this.#takenAt.get(uploadId) ?? 0) < TAKE_EVERY_MS) return
    this.#forgetOld(now)
    this.#takenAt.set(uploadId, now)
    this.take(upload)
      .then(learn)
      .catch((err: unknown) => this.#parts.log.warn({ err, uploadId }, 'S3 did not list the parts'))
  }

  #forgetOld(now: number): void {
    for (const [uploadId, at] of this.#takenAt) if (now - at >= TAKE_EVERY_MS) this.#takenAt.delete(uploadId)
  }

  async #takeNew(session: Session, multipartId: string, known: StoredPart[]): Promise<StoredPart[]> {
    const { repository, partRepository, store, clock } = this.#parts
    const { uploadId } = session
    const etags = new Map(known.map(({ part, etag }) => [part, etag]))
    const now = clock.now()
    const listed = await store.listParts(uploadId, multipartId, firstGap(etags) - 1).catch(orNothing)
    const added = [...listed].filter(([part, { etag }]) => etags.get(part) !== etag)
    const parts = added.map(([part, found]) => toStored(part, found, now)).filter(fits(session))
    if (parts.length === 0) return []
    await partRepository.addListed(uploadId, parts)
    await prolong(repository, session, now)
    return parts
  }
}

/** Joined or aborted meanwhile: the session will tell. */
function orNothing(error: unknown): Map<number, ListedPart> {
  if (error instanceof MultipartGone) return new Map()
  throw error
}

/** S3's clock is not ours: nothing was stored later than now. */
const toStored = (part: number, { modifiedAt, ...listed }: ListedPart, now: number): StoredPart => ({
  ...{ part, ...listed },
  at: Math.min(modifiedAt, now),
})

const fits = (session: Session) => (part: StoredPart) =>
  sizeOfPart(geometryOfSession(session), part.part) === part.size
