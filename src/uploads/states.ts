import { isId } from '../kernel/ids.ts'
import { HOUR_MS } from '../kernel/units.ts'
import { PartConflict, SourceRefused, UploadAborted, UploadExpired, UploadNotFound } from './failures.ts'
import type { Session } from './upload.ts'
import type { UploadRepository } from './upload-repository.ts'

/** An open upload lives at least a day past its last part, and at most six: S3 lifecycle rules clear what is older. */
const IDLE_LIFE_MS = 24 * HOUR_MS
const LONGEST_LIFE_MS = 6 * 24 * HOUR_MS
/** How much longer its life is made each time: a part must not cost a write of the session. */
const SPARE_LIFE_MS = HOUR_MS

/** When an upload expires that is begun now. */
export const firstExpiry = (now: number) => now + IDLE_LIFE_MS + SPARE_LIFE_MS

/** Has an upload that goes on live long enough. */
export async function prolong(
  repository: Pick<UploadRepository, 'keep'>,
  { uploadId, createdAt, expiresAt }: Session,
  now: number,
): Promise<void> {
  const last = createdAt + LONGEST_LIFE_MS
  if (expiresAt >= Math.min(now + IDLE_LIFE_MS, last)) return
  await repository.keep(uploadId, ['open'], Math.min(now + IDLE_LIFE_MS + SPARE_LIFE_MS, last))
}

/** Throws UploadExpired when the time of an upload is over. */
export function refuseExpired({ uploadId, state, expiresAt }: Session, now: number): void {
  if (state === 'deleting' || state === 'gone' || expiresAt <= now) throw new UploadExpired(uploadId)
}

/** The session of an upload whose time is not over. Throws UploadNotFound, UploadExpired. */
export async function findLiving(
  repository: Pick<UploadRepository, 'findSession'>,
  uploadId: string,
  now: number,
): Promise<Session> {
  const session = isId(uploadId) ? await repository.findSession(uploadId) : undefined
  if (!session) throw new UploadNotFound(uploadId)
  refuseExpired(session, now)
  return session
}

/** Throws why a session takes no parts: UploadAborted, SourceRefused, PartConflict, UploadExpired. */
export function refuseClosed(session: Session, now: number): void {
  refuseExpired(session, now)
  switch (session.state) {
    case 'creating':
    case 'open':
      return
    case 'completing':
    case 'ready':
      throw new PartConflict('This upload is complete and takes no more parts.')
    case 'failed':
      throw refusalOf(session)
    case 'aborting':
    case 'aborted':
    case 'deleting':
    case 'gone':
      throw new UploadAborted()
  }
}

/** Why a session failed. */
export function refusalOf({ refusal }: Session): SourceRefused | UploadAborted {
  return refusal ? new SourceRefused(refusal.code, refusal.message) : new UploadAborted()
}
