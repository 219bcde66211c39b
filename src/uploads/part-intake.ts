import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { SECOND_MS } from '../kernel/units.ts'
import { PartStalled, UploadBusy } from './failures.ts'
import type { PartGate } from './part-gate.ts'

/** Parts one process takes at once, and parts of one upload it takes at once. */
const MOST_IN_FLIGHT = 24
export const MOST_IN_FLIGHT_PER_UPLOAD = 6

/** Counts parts on their way, so that too many are sent back before their bytes are read. */
export function createSlots(all = MOST_IN_FLIGHT, perUpload = MOST_IN_FLIGHT_PER_UPLOAD) {
  const counts = new Map<string, number>()
  let total = 0
  return {
    /** Throws {@link UploadBusy}; otherwise gives the function that frees the slot again. */
    take(uploadId: string): () => void {
      const own = counts.get(uploadId) ?? 0
      if (total >= all || own >= perUpload) throw new UploadBusy()
      total += 1
      counts.set(uploadId, own + 1)
      return () => {
        total -= 1
        const left = (counts.get(uploadId) ?? 1) - 1
        if (left === 0) counts.delete(uploadId)
        else counts.set(uploadId, left)
      }
    },
  }
}

const STALL_MS = 20 * SECOND_MS

/**
 * Feeds `body` through `gate` to `sink`. Whatever breaks first (the sender, the gate, the sink, or no byte for 20 s)
 * aborts the sink's signal and is what this throws. The rest of a refused body is read and dropped, since a sender
 * that is cut off does not read the answer.
 */
export async function feed<Result>(
  body: Readable,
  gate: PartGate,
  sink: (gate: PartGate, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const broken = new AbortController()
  const fail = (reason: unknown) => broken.abort(reason)
  const stall = setTimeout(() => {
    // A full gate means that S3 is slow, not the sender.
    if (gate.writableNeedDrain) stall.refresh()
    else fail(new PartStalled(STALL_MS / SECOND_MS))
  }, STALL_MS)
  const gone = () => {
    if (!body.readableEnded) fail(new Error('The sender went away in the middle of a part.'))
  }
  body.on('data', () => stall.refresh()).on('error', fail)
  body.on('close', gone)
  gate.on('error', fail)
  try {
    return await sink(body.pipe(gate), broken.signal)
  } catch (error) {
    throw broken.signal.aborted ? broken.signal.reason : error
  } finally {
    clearTimeout(stall)
    body.off('close', gone)
    body.unpipe(gate).resume()
    gate.destroy()
  }
}

/** A sink that keeps nothing: for a part that is stored already and is only compared. */
export async function discard(gate: PartGate, signal: AbortSignal): Promise<void> {
  gate.resume()
  await finished(gate, { signal })
}
