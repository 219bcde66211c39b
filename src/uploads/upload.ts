import { z } from 'zod'
import { Media } from '../contract/index.ts'
import type { Geometry } from './geometry.ts'

/**
 * Where an upload is in its life. `creating`: recorded, S3 not asked yet. `completing`: parts are being joined and
 * inspected; anybody may take that up again. `failed`: refused, `refusal` says why. `deleting`, `gone`: cleanup.
 */
const STORED_STATES = [
  'creating',
  'open',
  'completing',
  'ready',
  'aborting',
  'aborted',
  'failed',
  'deleting',
  'gone',
] as const

/** Why a finished upload may be refused for good. */
const REFUSAL_CODES = [
  ...(['not-audio', 'no-audio-stream', 'too-many-channels', 'too-long', 'unsupported-sample-rate'] as const),
  'checksum-mismatch',
] as const
export type RefusalCode = (typeof REFUSAL_CODES)[number]

/** What a cover may be sent as. */
export const COVER_TYPES = ['image/jpeg', 'image/png'] as const
export type CoverType = (typeof COVER_TYPES)[number]

/** A picture that somebody sent to be the cover of results. Its digest is in its key; size in bytes. */
export const Cover = z.object({ digest: z.string(), mimeType: z.enum(COVER_TYPES), size: z.number() })
export type Cover = z.infer<typeof Cover>

/** What a file holds. Its tags lie in the table as pairs, since their names are the file's. */
const StoredMedia = Media.extend({
  tags: z.preprocess(
    (stored) => (Array.isArray(stored) ? Object.fromEntries(stored as [string, string][]) : stored),
    Media.shape.tags,
  ),
})

/** A session as it lies in the table. Times in epoch milliseconds, sizes in bytes. */
export const Session = z.object({
  uploadId: z.string(),
  state: z.enum(STORED_STATES),
  name: z.string(),
  size: z.number(),
  partSize: z.number(),
  partCount: z.number(),
  /** How parts come: through this service, or from the client straight to S3, whose list of parts is then the truth. */
  transport: z.enum(['proxy', 'direct']).default('proxy'),
  multipartId: z.string().optional(),
  /** S3 was told to take no part without a CRC-32, and to verify it. */
  summed: z.boolean().default(false),
  /** CRC-32 of the whole file, 8 hex digits: as the client announced it; of a ready upload as it is, where that is known. */
  crc32: z.string().optional(),
  requestHash: z.string(),
  /** The place in a trace of the request that began it (W3C Trace Context). */
  traceparent: z.string().optional(),
  media: StoredMedia.optional(),
  cover: Cover.optional(),
  refusal: z.object({ code: z.enum(REFUSAL_CODES), message: z.string() }).optional(),
  createdAt: z.number(),
  updatedAt: z.number(),
  expiresAt: z.number(),
})
export type Session = z.infer<typeof Session>

/** A session whose multipart upload has begun. */
export type OpenSession = Session & { multipartId: string }

/** A part that S3 has taken. `crc32` is missing where it came straight to S3 without one. */
export const StoredPart = z.object({
  part: z.number(),
  size: z.number(),
  crc32: z.string().optional(),
  etag: z.string(),
  at: z.number(),
})
export type StoredPart = z.infer<typeof StoredPart>

/** A session with the parts known to be stored. */
export type Upload = { session: Session; parts: StoredPart[] }

export const geometryOfSession = ({ size, partSize, partCount }: Session): Geometry => ({
  size,
  partSize,
  partCount,
})

/** Where the bytes of all uploads lie, below the bucket. */
export const UPLOADS = 'uploads/'
/** Where the bytes of one lie. Cleanup deletes by this prefix. */
export const uploadPrefix = (uploadId: string) => `${UPLOADS}${uploadId}/`
export const sourceKey = (uploadId: string) => `${uploadPrefix(uploadId)}source`

/** Pictures are never overwritten: jobs name the one they were asked with. */
export const coverKey = (uploadId: string, { digest, mimeType }: Cover) =>
  `${uploadPrefix(uploadId)}cover-${digest}.${mimeType === 'image/png' ? 'png' : 'jpg'}`
/** The same, small and encoded anew. */
export const thumbnailKey = (uploadId: string, cover: Cover) => `${coverKey(uploadId, cover)}.thumbnail.jpg`

/** So much longer than the retention time, as a share of it, a source lives: most jobs then find it living long enough. */
const SPARE_LIFE = 1 / 8

/** When a source expires that somebody needs until then. Each prolongation is a write, so it is not a tight one. */
export const sourceExpiry = (neededUntil: number, retentionMs: number) =>
  neededUntil + Math.round(retentionMs * SPARE_LIFE)
