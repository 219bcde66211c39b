import { formatPartRanges } from '../contract/part-ranges.ts'
import type { PartView, TargetsView, UploadProgressView, UploadState, UploadView } from '../contract/index.ts'
import { isoTime } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { MOST_IN_FLIGHT_PER_UPLOAD } from './part-slots.ts'
import type { PartTarget } from './targets.ts'
import type { Seen } from './upload-reader.ts'
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
    ...(session.cover && { cover: { mimeType: session.cover.mimeType, size: session.cover.size } }),
  }
}

export const partView = (part: number, upload: Upload): PartView => ({ part, ...received(upload) })

/**
 * URLs are relative to the request's, so that a path in front may be any. Those to this service are signed where it asks
 * for keys: a target needs nothing but itself, as one of S3.
 */
export const targetsView = (
  upload: Upload,
  targets: readonly PartTarget[],
  sign: (expiresAt: number) => string | undefined,
): TargetsView => ({
  targets: targets.map(({ url, expiresAt, ...target }) => ({
    ...{ ...target, method: 'PUT' as const },
    ...{ url: url ?? signedPath(`parts/${target.part}`, sign(expiresAt)), expiresAt: isoTime(expiresAt) },
  })),
  received: received(upload).received,
})

export const signedPath = (path: string, access: string | undefined) =>
  access === undefined ? path : `${path}?access=${access}`

export function uploadProgressView({ session, parts, asOf, stale }: Seen): UploadProgressView {
  const bytesReceived = bytesOf({ session, parts })
  const rate = session.state === 'open' ? bytesPerSecond(parts, asOf) : null
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
    stale,
    asOf: isoTime(asOf),
  }
}

/** A ready upload is whole, even after TTL has taken its part items. */
function received(upload: Upload) {
  const { session, parts } = upload
  const all = () => Array.from({ length: session.partCount }, (_, at) => at + 1)
  return {
    received: formatPartRanges(session.state === 'ready' ? all() : parts.map(({ part }) => part)),
    bytesReceived: bytesOf(upload),
  }
}

const bytesOf = ({ session, parts }: Upload) =>
  session.state === 'ready' ? session.size : parts.reduce((sum, { size }) => sum + size, 0)

/** One decimal, rounded down: 100 only when every byte is there. */
const percent = (upload: Upload) => Math.floor((bytesOf(upload) / upload.session.size) * 1000) / 10

/** Long enough to smooth over parts that end together, short enough to follow a changing line. */
const RATE_WINDOW_MS = 30 * SECOND_MS
/** On a slow line a part takes longer than that: these many of the last ones count in any case. */
const FEWEST_PARTS = 3

/** null until there are two parts to measure between; falls towards 0 while nothing comes. */
function bytesPerSecond(parts: readonly StoredPart[], now: number): number | null {
  const within = parts.filter(({ at }) => at > now - RATE_WINDOW_MS)
  const latest = () => [...parts].sort((a, b) => b.at - a.at).slice(0, FEWEST_PARTS)
  const recent = within.length >= FEWEST_PARTS ? within : latest()
  const first = Math.min(now, ...recent.map(({ at }) => at))
  const spanMs = now - first
  if (recent.length < 2 || spanMs < SECOND_MS) return null
  // The first part's own bytes came before the span that its end opens.
  const bytes = recent.filter(({ at }) => at > first).reduce((sum, { size }) => sum + size, 0)
  return Math.round((bytes / spanMs) * SECOND_MS)
}
