import type { Media } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { combineCrc32 } from '../kernel/crc32-combine.ts'
import type { Log } from '../kernel/log.ts'
import { ChecksumMismatch, PartsMissing, SourceRefused, UploadAborted } from './failures.ts'
import { missingParts } from './geometry.ts'
import { MultipartGone, type ListedPart, type SourceStore } from './source-store.ts'
import { geometryOfSession, sourceExpiry, type Session, type StoredPart } from './upload.ts'
import type { UploadRepository } from './upload-repository.ts'

/** Looks into a finished file and says what it holds. Throws {@link SourceRefused} when that cannot be converted. */
export type Inspect = (uploadId: string, sizeBytes: number) => Promise<Media>

export type CompleteParts = {
  repository: UploadRepository
  store: SourceStore
  inspect: Inspect
  clock: Clock
  log: Log
  /** Milliseconds a finished upload is kept. */
  retentionMs: number
}

/**
 * Joins the parts of a session that is `completing`, looks into the file, and makes it `ready`. Each step may have
 * been done before, by a process that died or by another request: it is then found done.
 */
export async function completeUpload(
  parts: CompleteParts,
  session: Session,
  wholeCrc32: string | undefined,
): Promise<Media> {
  const { repository, store, inspect, clock, log, retentionMs } = parts
  const { uploadId } = session
  await join(parts, session, wholeCrc32)
  let media: Media
  try {
    media = await inspect(uploadId, session.size)
  } catch (error) {
    if (error instanceof SourceRefused) await refuse(parts, session, error)
    throw error
  }
  const now = clock.now()
  const { won, session: found } = await repository.change(uploadId, ['completing'], {
    state: 'ready',
    media,
    updatedAt: now,
    expiresAt: sourceExpiry(now + retentionMs, retentionMs),
  })
  if (won) log.info({ uploadId, container: media.container, codec: media.codec }, 'upload ready')
  else if (found?.state !== 'ready') {
    await store.remove(uploadId, session.multipartId) // cancelled meanwhile: leave nothing behind
    throw new UploadAborted()
  }
  return media
}

async function join(parts: CompleteParts, session: Session, wholeCrc32: string | undefined): Promise<void> {
  const { repository, store, clock } = parts
  const { uploadId, multipartId = '' } = session
  try {
    const listed = await store.listParts(uploadId, multipartId)
    await checkParts(parts, session, listed, wholeCrc32)
    await store.join(uploadId, multipartId, listed)
  } catch (error) {
    if (error instanceof PartsMissing || error instanceof ChecksumMismatch)
      await repository.change(uploadId, ['completing'], { state: 'open', updatedAt: clock.now() })
    if (!(error instanceof MultipartGone)) throw error
    if ((await store.sizeOf(uploadId)) !== session.size) throw new UploadAborted()
  }
}

/** A part counts when S3 lists it and its row says the same bytes; anything else is asked for again. */
async function checkParts(
  { repository }: CompleteParts,
  session: Session,
  listed: ReadonlyMap<number, ListedPart>,
  wholeCrc32: string | undefined,
): Promise<void> {
  const rows = (await repository.find(session.uploadId))?.parts ?? []
  const agreed = new Map(
    rows.filter(({ part, etag }) => listed.get(part)?.etag === etag).map((row) => [row.part, row]),
  )
  const missing = missingParts(geometryOfSession(session), agreed)
  if (missing.length > 0) {
    const wrong = rows.map(({ part }) => part).filter((part) => !agreed.has(part))
    await repository.removeParts(session.uploadId, wrong)
    throw new PartsMissing(missing)
  }
  const actual = crc32Of([...agreed.values()])
  if (wholeCrc32 !== undefined && wholeCrc32.toLowerCase() !== actual)
    throw new ChecksumMismatch(wholeCrc32.toLowerCase(), actual)
}

function crc32Of(parts: readonly StoredPart[]): string {
  const inOrder = [...parts].sort((a, b) => a.part - b.part)
  const whole = inOrder.reduce(
    (crc, { crc32, size }) => combineCrc32(crc, Number.parseInt(crc32, 16), size),
    0,
  )
  return whole.toString(16).padStart(8, '0')
}

async function refuse(
  { repository, store, clock, log }: CompleteParts,
  session: Session,
  reason: SourceRefused,
) {
  const { uploadId } = session
  const refusal = { code: reason.code, message: reason.message }
  await repository.change(uploadId, ['completing'], { state: 'failed', refusal, updatedAt: clock.now() })
  await store.remove(uploadId, undefined)
  await repository.removeParts(uploadId, partNumbers(session))
  log.info({ uploadId, code: reason.code }, 'upload refused')
}

export const partNumbers = ({ partCount }: Session) => Array.from({ length: partCount }, (_, at) => at + 1)
