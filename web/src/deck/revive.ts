import type { Media } from '../../../src/contract/media.ts'
import type { UploadView } from '../../../src/contract/uploads.ts'
import { GONE, refusalOf } from './refusal.ts'
import type { Track } from './track.ts'

export type LookedAt = Pick<UploadView, 'progress' | 'state'> & { media?: Media | undefined }

/** What has become of a file of an earlier visit: what to change, undefined for nothing. */
export async function revive(
  { state, begunId, uploadId }: Track,
  { lookAt }: { lookAt: (uploadId: string) => Promise<LookedAt> },
): Promise<Partial<Track> | undefined> {
  const id = begunId ?? uploadId
  if (id === undefined || (state.step !== 'interrupted' && state.step !== 'ready')) return undefined
  try {
    const { progress, media } = await lookAt(id)
    if (media) return { uploadId: id, begunId: undefined, media, uploaded: 100, state: { step: 'ready' } }
    return { uploaded: progress }
  } catch (error) {
    const refusal = refusalOf(error)
    // The server may be away for a moment; what it has said is final.
    if (refusal.code === 'unreachable') return undefined
    return { state: refusal, ...(GONE.has(refusal.code) && { begunId: undefined }) }
  }
}
