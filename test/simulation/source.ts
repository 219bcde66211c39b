import { newId } from '../../src/kernel/ids.ts'
import { sourceName, type Kind } from './conversion.ts'
import { PREFIX, type World } from './world.ts'

/** A finished upload. */
export type Source = { uploadId: string; expiresAt: () => number }

const MEDIA = { container: 'wav', codec: 'pcm_s16le', durationMs: 1000, sampleRateHz: 8000, channels: 1 }

/** Lays a source into the stores as if somebody had sent it just now; it expires after `lifeMs`. */
export function putSource(world: World, what: { kind: Kind; takesMs: number; lifeMs: number }): Source {
  const { scheduler, tables, bucket } = world
  const uploadId = newId()
  const now = scheduler.now
  const expiresAt = now + what.lifeMs
  const table = tables.get(`${PREFIX}-uploads`)
  table?.put(
    {
      ...{ uploadId, item: 'session', state: 'ready', size: 6, partSize: 6, partCount: 1, requestHash: 'h' },
      name: sourceName(what.kind, what.takesMs),
      media: { ...MEDIA, tags: {}, artwork: false, chapters: 0 },
      ...{ createdAt: now, updatedAt: now, expiresAt, expiryQueue: 'expiring#0' },
      expiryOrder: `${String(expiresAt).padStart(15, '0')}#${uploadId}`,
    },
    {},
  )
  bucket.put(`uploads/${uploadId}/source`, 'source')
  const row = () => table?.get({ uploadId, item: 'session' })
  return { uploadId, expiresAt: () => Number(row()?.['expiresAt'] ?? 0) }
}
