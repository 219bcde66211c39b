import { parsePartRanges } from '../contract/part-ranges.ts'
import type { UploadView } from '../contract/uploads.ts'

export type UploadProgress = {
  /** Bytes stored and bytes on their way together. Never falls, though a part that fails starts again. */
  bytes: number
  /** Bytes of the whole file. */
  size: number
}

export type Ledger = ReturnType<typeof createLedger>

/** Which parts are stored and how far the others are. */
export function createLedger(
  { size, partSize, partCount }: Pick<UploadView, 'size' | 'partSize' | 'partCount'>,
  onProgress: (progress: UploadProgress) => void,
) {
  const stored = new Set<number>()
  const underWay = new Map<number, number>()
  let storedBytes = 0
  let shown = -1

  const start = (part: number) => (part - 1) * partSize
  const end = (part: number) => Math.min(size, part * partSize)

  function show() {
    let bytes = storedBytes
    for (const sent of underWay.values()) bytes += sent
    if (bytes <= shown) return
    shown = bytes
    onProgress({ bytes, size })
  }

  function store(part: number) {
    underWay.delete(part)
    if (stored.has(part) || part > partCount) return
    stored.add(part)
    storedBytes += end(part) - start(part)
  }

  return {
    start,
    end,
    isStored: (part: number) => stored.has(part),
    missing: () =>
      Array.from({ length: partCount }, (_, index) => index + 1).filter((part) => !stored.has(part)),
    /** `bytes` of a part have left; 0 when it has to start again. */
    sent(part: number, bytes: number) {
      if (stored.has(part)) return
      underWay.set(part, Math.min(bytes, end(part) - start(part)))
      show()
    },
    stored(part: number) {
      store(part)
      show()
    },
    /** The server's own list. */
    received(ranges: string) {
      for (const part of parsePartRanges(ranges)) store(part)
      show()
    },
    /** Parts the server says it has not, whatever was thought before. */
    lost(ranges: string) {
      for (const part of parsePartRanges(ranges)) {
        if (stored.delete(part)) storedBytes -= end(part) - start(part)
      }
    },
  }
}
