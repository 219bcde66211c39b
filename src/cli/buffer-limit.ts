import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MiB } from '../kernel/units.ts'

/** With the heap, which grows by some 10 MiB then, this stays below 64 MiB for 24 parts on their way. */
const LIMIT_BYTES = 36 * MiB
const LOOK_EVERY_MS = 50

/**
 * Keeps buffers outside the heap few. The bytes of a part pass as such buffers, and V8 begins to collect those that
 * outlived a scavenge only after 64 MiB of them (`kExternalAllocationSoftLimit` of its heap), whatever the machine has.
 * With few parts under way the limit is not reached, and nothing is collected earlier than without it.
 */
export function limitBuffers(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const look = createBufferLimit({
    limitBytes: LIMIT_BYTES,
    used: () => process.memoryUsage().arrayBuffers,
    collect: () => gc(),
  })
  setInterval(look, LOOK_EVERY_MS).unref()
}

/**
 * One look: collects when more than `limitBytes` are in use. What a collection leaves is alive, so that the next one
 * waits until half as much as the limit came on top of it.
 */
export function createBufferLimit(heap: { limitBytes: number; used: () => number; collect: () => void }) {
  let alive = 0
  let collected = false
  return () => {
    const used = heap.used()
    alive = collected ? used : Math.min(alive, used) // sweeping goes on beside us until the next look
    collected = used > Math.max(heap.limitBytes, alive + heap.limitBytes / 2)
    if (collected) heap.collect()
  }
}
