import { StoreUnavailable } from '../aws/index.ts'
import type { Media } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Meter } from '../kernel/meter.ts'
import { inSpan, type Tracing } from '../kernel/tracing.ts'
import { currentContext } from '../kernel/work-context.ts'
import { crc32OfParts } from './checksums.ts'
import { crc32OfStream } from './crc32-of-stream.ts'
import { ChecksumMismatch, PartsMissing, SourceRefused, UploadAborted, UploadNotFound } from './failures.ts'
import { missingParts } from './geometry.ts'
import type { PartRepository } from './part-repository.ts'
import { MultipartGone, PartsChanged, type ListedPart, type SourceStore } from './source-store.ts'
import { geometryOfSession, sourceExpiry, type Session, type StoredPart } from './upload.ts'
import type { UploadRepository } from './upload-repository.ts'

/** Looks into a finished file and says what it holds. Throws {@link SourceRefused} when that cannot be converted. */
export type Inspect = (uploadId: string, sizeBytes: number) => Promise<Media>

export type CompleteParts = {
  repository: Pick<UploadRepository, 'change'>
  partRepository: Pick<PartRepository, 'read' | 'remove'>
  store: Pick<SourceStore, 'listParts' | 'join' | 'sizeOf' | 'read' | 'remove'>
  inspect: Inspect
  clock: Pick<Clock, 'now'>
  log: Log
  meter: Pick<Meter, 'uploadMoved' | 'uploadStored'>
  tracing: Tracing
  /** Milliseconds a finished upload is kept. */
  retentionMs: number
  /** Aborts when the process stops and nobody waits for an answer any more. */
  shutdown: AbortSignal
}

/**
 * Joins the parts of a session that is `completing`, looks into the file, and makes it `ready`. Each step may have
 * been done before, by a process that died or by another request: it is then found done. `announced`: CRC-32 values that
 * the client gave for the whole file. Traced as the upload, from its beginning on.
 *
 * A client that leaves does not stop it. The upload becomes `ready` for everybody, so the work is not lost; and a proxy
 * that ends requests sooner than a large file is inspected would otherwise have each repeated `complete` begin anew and
 * never end. Only a shutdown stops it: the session stays `completing`, and the next `complete` goes on from there.
 */
export async function completeUpload(
  parts: CompleteParts,
  session: Session,
  announced: readonly string[],
): Promise<Session & { media: Media }> {
  const { traceparent: link } = currentContext()
  const { createdAt: startedAt, size, partCount, transport, traceparent: parent = link } = session
  const attributes = { 'tapedeck.bytes': size, 'tapedeck.parts': partCount, 'tapedeck.transport': transport }
  const act = () => finish(parts, session, announced)
  return inSpan(parts.tracing, 'upload', act, { startedAt, parent, link, attributes })
}

async function finish(
  parts: CompleteParts,
  session: Session,
  announced: readonly string[],
): Promise<Session & { media: Media }> {
  const { repository, store, tracing, clock, retentionMs } = parts
  const { uploadId } = session
  const joined = await inSpan(tracing, 'join', () => join(parts, session, announced))
  const whole = { crc32: joined, announced }
  const { media, crc32 } = await inSpan(tracing, 'inspect', () => look(parts, session, whole))
  const now = clock.now()
  const { won, session: found } = await repository.change(uploadId, ['completing'], {
    ...{ state: 'ready', media, updatedAt: now },
    ...(crc32 !== undefined && { crc32 }),
    expiresAt: sourceExpiry(now + retentionMs, retentionMs),
  })
  if (won) tellReady(parts, session, media)
  else if (found?.state !== 'ready') {
    await store.remove(uploadId, session.multipartId) // cancelled meanwhile: leave nothing behind
    throw new UploadAborted()
  }
  return { ...(found ?? session), media: found?.media ?? media }
}

function tellReady({ log, meter }: CompleteParts, { uploadId, size }: Session, media: Media): void {
  log.info({ uploadId, container: media.container, codec: media.codec }, 'upload ready')
  meter.uploadMoved('ready')
  meter.uploadStored(size)
}

/** Joins what S3 lists; gives the CRC-32 of the whole where it follows from those of the parts. */
async function join(
  parts: CompleteParts,
  session: Session,
  announced: readonly string[],
): Promise<string | undefined> {
  const { repository, store, clock, log } = parts
  const { uploadId } = session
  const state = session.multipartId === undefined ? 'creating' : 'open'
  const reopen = async () => {
    const { won } = await repository.change(uploadId, ['completing'], { state, updatedAt: clock.now() })
    if (won) log.info({ uploadId }, 'upload open again')
  }
  try {
    return await joinListed(parts, session, announced)
  } catch (error) {
    // Whatever a store says of parts that it has joined, the whole tells that they were.
    const isUnclear = error instanceof MultipartGone || error instanceof PartsChanged
    if (isUnclear && (await isJoined(store, session))) return undefined
    if (error instanceof MultipartGone) throw new UploadAborted()
    if (error instanceof PartsMissing || error instanceof ChecksumMismatch || error instanceof PartsChanged)
      await reopen()
    throw error instanceof PartsChanged ? new StoreUnavailable('objects', error) : error
  }
}

const isJoined = async (store: CompleteParts['store'], { uploadId, size }: Session) =>
  (await store.sizeOf(uploadId)) === size

async function joinListed(
  parts: CompleteParts,
  session: Session,
  announced: readonly string[],
): Promise<string | undefined> {
  const { uploadId, multipartId } = session
  if (multipartId === undefined) throw new PartsMissing(missingParts(geometryOfSession(session), new Map()))
  const all = await parts.store.listParts(uploadId, multipartId)
  const listed = new Map([...all].filter(([part]) => part <= session.partCount)) // others are of an earlier cut
  const whole = await partsOf(parts, session, listed)
  if (whole === undefined) return undefined
  const crc32 = crc32OfParts(whole)
  if (crc32 !== undefined) refuseOther(announced, crc32)
  await parts.store.join(uploadId, multipartId, listed)
  return crc32
}

/**
 * The parts that count. Of those that came through this service: what S3 lists and its row says the same of. Of those
 * that went straight to S3: what S3 lists. Undefined where they were joined before. Throws PartsMissing, which names the
 * rest, to be sent again.
 */
async function partsOf(
  { partRepository, store }: CompleteParts,
  session: Session,
  listed: ReadonlyMap<number, ListedPart>,
): Promise<{ part: number; size: number; crc32?: string | undefined }[] | undefined> {
  const rows = (await partRepository.read(session.uploadId))?.parts ?? []
  const agreed = rows.filter(({ part, etag }) => listed.get(part)?.etag === etag)
  const straight = [...listed].map(([part, found]) => ({ part, ...found }))
  const counted = session.transport === 'direct' ? withRows(straight, agreed) : agreed
  const missing = missingParts(geometryOfSession(session), new Map(counted.map((one) => [one.part, one])))
  if (missing.length === 0) return counted
  if (await isJoined(store, session)) return undefined
  const wrong = rows.filter((row) => !agreed.includes(row)).map(({ part }) => part)
  await partRepository.remove(session.uploadId, wrong)
  throw new PartsMissing(missing)
}

/** What S3 lists, with the checksum of its row where S3 knows none: a part may have come through this service, too. */
function withRows(listed: ({ part: number } & ListedPart)[], rows: readonly StoredPart[]) {
  const checksums = new Map(rows.map(({ part, crc32 }) => [part, crc32]))
  return listed.map((one) => ({ ...one, crc32: one.crc32 ?? checksums.get(one.part) }))
}

type Whole = { crc32: string | undefined; announced: readonly string[] }

/** What the joined file holds; one that is refused is removed. */
async function look(parts: CompleteParts, session: Session, { crc32, announced }: Whole) {
  try {
    const actual = crc32 ?? (await crc32OfObject(parts, session, announced))
    return { media: await parts.inspect(session.uploadId, session.size), crc32: actual }
  } catch (error) {
    if (error instanceof SourceRefused) await refuse(parts, session, error)
    throw error instanceof UploadNotFound ? new UploadAborted() : error // joined, and gone again: cancelled meanwhile
  }
}

/**
 * Where the parts have no checksums, the whole is read once, if there is something to compare it with. They are joined, so
 * there is nothing left to be sent again: throws SourceRefused.
 */
async function crc32OfObject(
  { store, shutdown }: Pick<CompleteParts, 'store' | 'shutdown'>,
  { uploadId }: Session,
  announced: readonly string[],
): Promise<string | undefined> {
  if (announced.length === 0) return undefined
  const actual = await crc32OfStream(await store.read(uploadId, shutdown), shutdown)
  const other = otherThan(actual, announced)
  if (other === undefined) return actual
  const what = `The file that arrived has the CRC-32 ${actual}, not ${other}. Please upload it again.`
  throw new SourceRefused('checksum-mismatch', what)
}

/** Throws ChecksumMismatch when the client announced another checksum. */
export function refuseOther(announced: readonly string[], actual: string): void {
  const other = otherThan(actual, announced)
  if (other !== undefined) throw new ChecksumMismatch(other, actual)
}

const otherThan = (actual: string, announced: readonly string[]) => announced.find((one) => one !== actual)

async function refuse(
  { repository, partRepository, store, clock, log, meter }: CompleteParts,
  session: Session,
  reason: SourceRefused,
) {
  const { uploadId } = session
  const refusal = { code: reason.code, message: reason.message }
  const values = { state: 'failed', refusal, updatedAt: clock.now() } as const
  const { won } = await repository.change(uploadId, ['completing'], values)
  await store.remove(uploadId, undefined)
  await partRepository.remove(uploadId, partNumbers(session))
  if (!won) return // somebody else refused it, or cancelled it
  log.info({ uploadId, code: reason.code }, 'upload refused')
  meter.uploadMoved('refused')
}

export const partNumbers = ({ partCount }: Session) => Array.from({ length: partCount }, (_, at) => at + 1)
