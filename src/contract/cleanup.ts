import { z } from 'zod'

const count = z.number().int().nonnegative()

export const CleanupView = z
  .object({
    expiredJobs: count,
    expiredUploads: count,
    orphans: count.describe('Jobs and uploads whose record was gone but not their objects'),
    deletedObjects: count,
    abortedUploads: count.describe('Unfinished multipart uploads'),
    freedBytes: count,
    failures: count.describe('What could not be removed, or looked for; the next cleanup tries again'),
    durationMs: count,
  })
  .meta({ id: 'Cleanup' })
export type CleanupView = z.infer<typeof CleanupView>
