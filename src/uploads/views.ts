import { formatPartRanges } from '../contract/part-ranges.ts'
import type { PartView, UploadProgressView, UploadState, UploadView } from '../contract/index.ts'
import { isoTime } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { MOST_IN_FLIGHT_PER_UPLOAD } from './part-intake.ts'
import type { Session, StoredPart, Upload } from './upload.ts'

/** What the world may know of a session's state. */
const PUBLIC_STATES: Record<Session['state'], UploadState> = {
  creating: 'open',
  open: 'open',
  completing: 'completing',
  ready: 'ready',
  aborting: 'aborted',
  aborted: 'aborted',
  failed: 'failed',
  deleting: 'expired',
  gone: 'expired',
}

export function uploadView({ session, parts }: Upload): UploadView {
  return {
    id: session.uploadId,
    state: PUBLIC_STATES[session.state],
    name: session.name,
    size: session.size,
    partSize: session.partSize,
    partCount: session.partCount,
    maxParallel: MOST_IN_FLIGHT_PER_UPLOAD,
    ...received({ session, parts }),
    progress: percent({ session, parts }),
    expiresAt: isoTime(session.expiresAt),
    ...(session.media && { media: session.media }),
  }
}

export const partView = (part: number, upload: Upload): PartView => ({ part, ...received(upload) })

export function uploadProgressView({ session, parts }: Upload, now: number): UploadProgressView {
  const { bytesReceived } = received({ session, parts })
  const rate = session.state === 'open' ? bytesPerSecond(parts, now) : null
  return {
    uploadId: session.uploadId,
    state: PUBLIC_STATES[session.state],
    progress: percent({ session, parts }),
    bytesReceived,
    size: session.size,
    partsReceived: session.state === 'ready' ? session.partCount : parts.length,
    partCount: session.partCount,
    bytesPerSecond: rate,
    etaMs: rate ? Math.round(((session.size - bytesReceived) / rate) * SECOND_MS) : null,
    updatedAt: isoTime(Math.max(session.updatedAt, ...parts.map(({ at }) => at))),
    stale: false,
    asOf: isoTime(now),
  }
}

/** A ready upload is whole, even after TTL has taken its part items. */
function received({ session, parts }: Upload) {
  if (session.state === 'ready')
    return {
      received: formatPartRanges(Array.from({ length: session.partCount }, (_, at) => at + 1)),
      bytesReceived: session.size,
    }
  return {
    received: formatPartRanges(parts.map(({ part }) => part)),
    bytesReceived: parts.reduce((sum, { size }) => sum + size, 0),
  }
}

/** One decimal, rounded down: 100 only when every byte is there. */
const percent = (upload: Upload) =>
  Math.floor((received(upload).bytesReceived / upload.session.size) * 1000) / 10

/** Long enough to smooth over parts that end together, short enough to follow a changing line. */
const RATE_WINDOW_MS = 30 * SECOND_MS

function bytesPerSecond(parts: readonly StoredPart[], now: number): number | null {
  const recent = parts.filter(({ at }) => at > now - RATE_WINDOW_MS)
  const first = Math.min(...recent.map(({ at }) => at))
  const spanMs = now - first
  if (recent.length < 2 || spanMs < SECOND_MS) return null
  // The first part's own bytes came before the span that its end opens.
  const bytes = recent.filter(({ at }) => at > first).reduce((sum, { size }) => sum + size, 0)
  return Math.round((bytes / spanMs) * SECOND_MS)
}
