import { z } from 'zod'
import { Media } from './media.ts'
import { Crc32, FileName } from './texts.ts'

const UPLOAD_STATES = ['open', 'completing', 'ready', 'aborted', 'expired', 'failed'] as const
export type UploadState = (typeof UPLOAD_STATES)[number]

const PartNumber = z.number().int().min(1).max(10_000)
const PartRanges = z.string().describe('Parts stored so far as ranges, e.g. `1-14,17`; empty for none')
const Time = z.iso.datetime()

export const UploadRequest = z
  .object({
    name: FileName.describe('File name, kept for people; never part of a path or key'),
    size: z.number().int().nonnegative().describe('Bytes'),
    type: z.string().max(255).optional().describe('MIME type as the client sees it; a hint only'),
    crc32: Crc32.optional(),
  })
  .meta({ id: 'UploadRequest' })
export type UploadRequest = z.infer<typeof UploadRequest>

export const UploadView = z
  .object({
    id: z.string(),
    state: z.enum(UPLOAD_STATES),
    name: z.string(),
    size: z.number().int(),
    partSize: z.number().int().describe('Bytes of every part but the last'),
    partCount: z.number().int(),
    maxParallel: z.number().int().describe('Parts of this upload the server takes at once'),
    received: PartRanges,
    bytesReceived: z.number().int(),
    progress: z.number().min(0).max(100),
    expiresAt: Time,
    media: Media.optional(),
    cover: z
      .object({ mimeType: z.string(), size: z.number().int().describe('Bytes') })
      .optional()
      .describe('The cover that was sent for it, if there is one'),
  })
  .meta({ id: 'Upload' })
export type UploadView = z.infer<typeof UploadView>

export const TargetsRequest = z
  .object({
    want: z
      .array(z.object({ part: PartNumber, crc32: Crc32.optional() }))
      .min(1)
      .max(100),
  })
  .meta({ id: 'TargetsRequest' })
export type TargetsRequest = z.infer<typeof TargetsRequest>

export const Target = z.object({
  part: PartNumber,
  method: z.literal('PUT'),
  url: z.string().describe('A reference relative to the URL of this request (RFC 3986, 5.1.3), or absolute'),
  headers: z.record(z.string(), z.string()),
  size: z.number().int().describe('Bytes this part must have'),
  expiresAt: Time,
})
export type Target = z.infer<typeof Target>

export const TargetsView = z
  .object({ targets: z.array(Target), received: PartRanges })
  .meta({ id: 'Targets' })
export type TargetsView = z.infer<typeof TargetsView>

export const PartView = z
  .object({ part: PartNumber, received: PartRanges, bytesReceived: z.number().int() })
  .meta({ id: 'Part' })
export type PartView = z.infer<typeof PartView>

export const CompleteRequest = z.object({ crc32: Crc32.optional() }).meta({ id: 'CompleteRequest' })
export type CompleteRequest = z.infer<typeof CompleteRequest>

export const CompleteView = z
  .object({ state: z.literal('ready'), media: Media })
  .meta({ id: 'CompletedUpload' })
export type CompleteView = z.infer<typeof CompleteView>

export const UploadProgressView = z
  .object({
    uploadId: z.string(),
    state: z.enum(UPLOAD_STATES),
    progress: z.number().min(0).max(100),
    bytesReceived: z.number().int(),
    size: z.number().int(),
    partsReceived: z.number().int(),
    partCount: z.number().int(),
    bytesPerSecond: z.number().nullable().describe('null until there is something to measure'),
    etaMs: z.number().int().nullable(),
    updatedAt: Time,
    stale: z.boolean(),
    asOf: Time,
  })
  .meta({ id: 'UploadProgress' })
export type UploadProgressView = z.infer<typeof UploadProgressView>
