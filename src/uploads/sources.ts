import type { Media } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { UploadExpired, UploadNotReady } from './failures.ts'
import { findLiving } from './states.ts'
import { sourceExpiry, type Cover, type Session } from './upload.ts'
import type { UploadRepository } from './upload-repository.ts'

export type SourcesParts = {
  repository: Pick<UploadRepository, 'findSession' | 'keep' | 'change'>
  clock: Clock
  retentionMs: number
}

/** Finished uploads, kept for as long as somebody needs them. */
export class Sources {
  readonly #parts: SourcesParts

  constructor(parts: SourcesParts) {
    this.#parts = parts
  }

  /**
   * A finished upload, kept at least until `neededUntil`. Throws UploadNotFound, UploadNotReady, UploadExpired,
   * which all tell the upload: it may be one of many.
   */
  async claim(uploadId: string, neededUntil: number): Promise<{ session: Session; media: Media }> {
    const { repository, clock } = this.#parts
    const session = await findLiving(repository, uploadId, clock.now())
    if (session.state !== 'ready' || !session.media) throw new UploadNotReady(uploadId)
    if (!(await this.#outlives(session, neededUntil))) throw new UploadExpired(uploadId)
    return { session, media: session.media }
  }

  /** Has a finished upload live at least until then, even if its time is over; false when it is not there any more. */
  async keep(uploadId: string, neededUntil: number): Promise<boolean> {
    const session = await this.#parts.repository.findSession(uploadId)
    return session?.state === 'ready' && (await this.#outlives(session, neededUntil))
  }

  /** Gives a finished upload another cover, or none. Throws UploadExpired when it is not there any more. */
  async setCover(uploadId: string, cover: Cover | undefined): Promise<void> {
    const { repository, clock } = this.#parts
    const { won } = await repository.change(uploadId, ['ready'], { cover, updatedAt: clock.now() })
    if (!won) throw new UploadExpired(uploadId)
  }

  async #outlives({ uploadId, expiresAt }: Session, neededUntil: number): Promise<boolean> {
    if (expiresAt >= neededUntil) return true
    const { repository, retentionMs } = this.#parts
    const kept = await repository.keep(uploadId, ['ready'], sourceExpiry(neededUntil, retentionMs))
    return kept?.state === 'ready'
  }
}
