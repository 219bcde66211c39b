import { SECOND_MS } from '../../kernel/units.ts'
import { notImplemented, S3Error } from './errors.ts'
import type { StoredObject } from './object-table.ts'
import type { S3Request } from './request.ts'

/**
 * Checks the conditions of a read in the order of RFC 9110 section 13.2.2. Returns false for 304, throws
 * PreconditionFailed for 412.
 */
export function mayRead({ headers }: S3Request, { etag, modifiedAt }: StoredObject): boolean {
  const ifMatch = headers.get('if-match')
  const unmodifiedSince = seconds(headers.get('if-unmodified-since'))
  if (
    ifMatch !== undefined
      ? !lists(ifMatch, etag)
      : unmodifiedSince !== undefined && modifiedAt > unmodifiedSince
  )
    throw new S3Error('PreconditionFailed')
  const ifNoneMatch = headers.get('if-none-match')
  if (ifNoneMatch !== undefined) return !lists(ifNoneMatch, etag)
  const modifiedSince = seconds(headers.get('if-modified-since'))
  return modifiedSince === undefined || modifiedAt > modifiedSince
}

/** Whether the range of a request is still meant: RFC 9110 section 13.1.5. */
export function rangeIsMeant({ headers }: S3Request, { etag, modifiedAt }: StoredObject): boolean {
  const ifRange = headers.get('if-range')
  return ifRange === undefined || ifRange === `"${etag}"` || seconds(ifRange) === modifiedAt
}

/**
 * Checks the conditions of a write: `If-None-Match: *` (only if there is none) and `If-Match: <etag>` (only over that
 * one), https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html. Throws PreconditionFailed, or
 * NoSuchKey when there is nothing that could match.
 */
export function checkWrite({ headers }: S3Request, existing: StoredObject | undefined): void {
  const ifNoneMatch = headers.get('if-none-match')
  const ifMatch = headers.get('if-match')
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw notImplemented('If-None-Match with anything but *')
  if (ifNoneMatch !== undefined && existing) throw new S3Error('PreconditionFailed')
  if (ifMatch === undefined) return
  if (!existing) throw new S3Error('NoSuchKey')
  if (!lists(ifMatch, existing.etag)) throw new S3Error('PreconditionFailed')
}

/** Whether a list of entity tags names this one; S3 takes them without quotes too. */
const lists = (header: string, etag: string): boolean =>
  header.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^(?:W\/)?"(.*)"$/, '$1')))

/** A date in a header, to the second. One that cannot be read is as good as none: RFC 9110 section 13.1.3. */
function seconds(date: string | undefined): number | undefined {
  const ms = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / SECOND_MS) * SECOND_MS
}
