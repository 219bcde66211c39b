import { z } from 'zod'

/**
 * Strings of requests. Every one has a greatest length, in UTF-16 code units: work on a string may take the square of its
 * length, as Unicode normalization of combining marks does.
 */

/** Of an upload or a job. Ours have 34 characters at most; a longer one is unknown and not invalid up to here. */
export const Id = z.string().max(200)

/** A format, a preset, or one of the words that an option takes. */
export const Keyword = z.string().max(64)

/** The longest path of Linux (PATH_MAX in `limits.h`); a longer name than file systems take is cut later. */
export const FileName = z.string().max(4096)

/** CRC-32 (ISO 3309, as in zip). */
export const Crc32 = z
  .string()
  .max(8)
  .regex(/^[0-9a-fA-F]{8}$/)
  .describe('CRC-32 (ISO 3309, as in zip), 8 hex digits')

/** S3 makes no longer ones: 32 hex digits, a number of parts, quotes. */
export const ETag = z.string().max(128)

/** Longest text of one tag, in characters. */
export const LONGEST_TAG = 4000
/** Longest name of a result without its extension, in characters. */
export const LONGEST_NAME = 200
