import { parsePartRanges } from '../contract/part-ranges.ts'
import type { UploadView } from '../contract/uploads.ts'
import { createMeter } from './meter.ts'
import type { Timing } from './timing.ts'

export type UploadProgress = {
  /** Bytes stored and bytes on their way together. Never falls, but at a pause: then it is what is stored. */
  bytes: number
  /** Bytes of the whole file. */
  size: number
  /** Smoothed over the last seconds; undefined until there is something to measure, and again after a pause. */
  bytesPerSecond: number | undefined
  /** Milliseconds until all bytes are there, at that speed. */
  etaMs: number | undefined
}

export type Ledger = ReturnType<typeof createLedger>

/** Which parts are stored and how far the others are. */
export function createLedger(
  { size, partSize, partCount }: Pick<UploadView, 'size' | 'partSize' | 'partCount'>,
  timing: Timing,
  onProgress?: (progress: UploadProgress) => void,
) {
  const stored = new Set<number>()
  const underWay = new Map<number, number>()
  const all = Array.from({ length: partCount }, (_, index) => index + 1)
  const meter = createMeter(timing)
  let storedBytes = 0
  let shown = -1

  const start = (part: number) => (part - 1) * partSize
  const sizeOf = (part: number) => Math.min(partSize, size - start(part))

  const total = () => [...underWay.values()].reduce((sum, sent) => sum + sent, storedBytes)

  function show() {
    const bytes = total()
    if (bytes <= shown) return
    shown = bytes
    const bytesPerSecond = meter.at(bytes)
    const etaMs = bytesPerSecond ? Math.round(((size - bytes) / bytesPerSecond) * 1000) : undefined
    onProgress?.({ bytes, size, bytesPerSecond, etaMs })
  }

  function store(part: number) {
    underWay.delete(part)
    if (stored.has(part) || part > partCount) return
    stored.add(part)
    storedBytes += sizeOf(part)
  }

  return {
    /** Where a part begins in the file, and where the next one does. */
    bounds: (part: number) => [start(part), start(part) + sizeOf(part)] as const,
    isStored: (part: number) => stored.has(part),
    missing: () => all.filter((part) => !stored.has(part)),
    /** `bytes` of a part have left; 0 when it has to start again. */
    sent(part: number, bytes: number) {
      if (stored.has(part)) return
      underWay.set(part, Math.min(bytes, sizeOf(part)))
      show()
    },
    stored(part: number) {
      store(part)
      show()
    },
    /** The server's own list. */
    received(ranges: string) {
      for (const part of parsePartRanges(ranges)) store(part)
      meter.skip(Math.max(0, total() - shown))
      show()
    },
    /** Parts the server says it has not, whatever was thought before. */
    lost(ranges: string) {
      for (const part of parsePartRanges(ranges)) {
        if (stored.delete(part)) storedBytes -= sizeOf(part)
      }
    },
    /** Nothing is on its way any more, and what was has to start again. */
    pause() {
      underWay.clear()
      meter.reset()
      shown = storedBytes
      onProgress?.({ bytes: shown, size, bytesPerSecond: undefined, etaMs: undefined })
    },
  }
}
