import type { Removed } from '../aws/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { isId } from '../kernel/ids.ts'
import type { Log } from '../kernel/log.ts'
import type { SourceStore } from './source-store.ts'
import type { UploadRepository } from './upload-repository.ts'

export type UploadExpiryParts = {
  repository: Pick<UploadRepository, 'bury' | 'findSession' | 'listExpired' | 'markDeleting'>
  store: Pick<SourceStore, 'erase' | 'listIds'>
  clock: Pick<Clock, 'now'>
  log: Log
}

/** The end of uploads: what cleanup asks for. Every step is safe to repeat. */
export class UploadExpiry {
  readonly #parts: UploadExpiryParts

  constructor(parts: UploadExpiryParts) {
    this.#parts = parts
  }

  /** Ids of uploads whose time is over. */
  listExpired(limit: number): Promise<string[]> {
    return this.#parts.repository.listExpired(this.#parts.clock.now(), limit)
  }

  /** Removes an expired upload with all it owns; undefined when it is not expired any more. */
  async expire(uploadId: string): Promise<Removed | undefined> {
    const { repository, store, clock, log } = this.#parts
    if (!(await repository.markDeleting(uploadId, clock.now()))) return undefined
    const removed = await store.erase(uploadId)
    await repository.bury(uploadId, clock.now())
    log.info({ uploadId, ...removed }, 'expired upload removed')
    return removed
  }

  /** Ids of bytes in the store that no record tells of any more. Rows come before bytes, so nothing new is among them. */
  async *listOrphans(): AsyncGenerator<string> {
    const { store, repository } = this.#parts
    for await (const id of store.listIds()) {
      if (!isId(id)) continue // not ours
      const session = await repository.findSession(id)
      if (!session || session.state === 'gone') yield id
    }
  }

  /** Removes the bytes of an orphan. */
  removeOrphan(uploadId: string): Promise<Removed> {
    return this.#parts.store.erase(uploadId)
  }
}
