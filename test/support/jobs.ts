import type { Job } from '../../src/conversions/job.ts'
import { newId } from '../../src/kernel/ids.ts'

const media = { container: 'wav', codec: 'pcm_s16le', durationMs: 1, sampleRateHz: 8000, channels: 1 }

/** A job that waits, as it is written into the table. */
export function newJob(now: number): Job {
  return {
    ...{ jobId: newId(), state: 'queued', fence: 0, attempt: 0, spared: 0, crashes: 0 },
    ...{ readyAt: now, priority: 50 },
    source: { uploadId: 'u', name: 'n', size: 1, media: { ...media, tags: {}, artwork: false, chapters: 0 } },
    ...{ format: 'mp3', options: {}, changes: [], name: 'n.mp3', requestHash: 'h' },
    ...{ createdAt: now, updatedAt: now, expiresAt: now + 1000 },
  }
}
