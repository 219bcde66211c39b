import { z } from 'zod'
import { ETag, FileName } from './texts.ts'

/** Uppy sends all `meta` fields of a file; of these `size` says how large it is. */
export const UppyCreateRequest = z
  .object({
    filename: FileName,
    type: z.string().max(255).nullish(),
    metadata: z
      .looseObject({ size: z.coerce.number().int().nonnegative().optional() })
      .default({})
      .describe('`size` in bytes is needed where the path names no upload'),
  })
  .meta({ id: 'UppyCreateRequest' })
export type UppyCreateRequest = z.infer<typeof UppyCreateRequest>

export const UppyCreateView = z.object({ key: z.string(), uploadId: z.string() }).meta({ id: 'UppyUpload' })

export const UppyPartsView = z
  .array(z.object({ PartNumber: z.number().int(), Size: z.number().int(), ETag: z.string() }))
  .meta({ id: 'UppyParts' })

export const UppyTargetView = z
  .object({ url: z.string(), expires: z.number().int().describe('Seconds the URL is good for') })
  .meta({ id: 'UppyTarget' })

export const UppyCompleteRequest = z
  .object({ parts: z.array(z.object({ PartNumber: z.number().int(), ETag })).max(10_000) })
  .meta({ id: 'UppyCompleteRequest' })
export type UppyCompleteRequest = z.infer<typeof UppyCompleteRequest>

export const UppyCompleteView = z
  .object({ location: z.string(), key: z.string().describe('Id of the upload, for `POST /api/jobs`') })
  .meta({ id: 'UppyCompletedUpload' })
