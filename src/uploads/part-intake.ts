import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Clock } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { PartStalled } from './failures.ts'
import type { PartGate } from './part-gate.ts'

const STALL_MS = 20 * SECOND_MS

/** Feeds the bytes of a gate to wherever they go; must end when the signal aborts. */
type Sink<Result> = (gate: PartGate, signal: AbortSignal) => Promise<Result>

/**
 * Feeds `body` through `gate` to `sink`. Whatever breaks first (the sender, the gate, the sink, or no byte for 20 s)
 * aborts the sink's signal and is what this throws. The rest of a refused body is read and dropped, since a sender
 * that is cut off does not read the answer.
 */
export async function feed<Result>(
  body: Readable,
  gate: PartGate,
  clock: Clock,
  sink: Sink<Result>,
): Promise<Result> {
  const broken = new AbortController()
  const over = new AbortController()
  const fail = (reason: unknown) => broken.abort(reason)
  const gone = () => {
    if (!body.readableEnded) fail(gate.wrongSize())
  }
  body.on('error', fail).on('close', gone)
  if (body.destroyed) gone() // it hung up before anybody listened
  gate.on('error', fail)
  void failWhenStalled(body, gate, clock, { over: over.signal, fail })
  try {
    return await sink(body.pipe(gate), broken.signal)
  } catch (error) {
    throw broken.signal.aborted ? broken.signal.reason : error
  } finally {
    over.abort()
    body.off('close', gone)
    body.unpipe(gate).resume()
    gate.destroy()
  }
}

async function failWhenStalled(
  body: Readable,
  gate: PartGate,
  clock: Clock,
  { over, fail }: { over: AbortSignal; fail: (reason: unknown) => void },
): Promise<void> {
  let movedAt = clock.now()
  body.on('data', () => (movedAt = clock.now()))
  const leftMs = () => movedAt + STALL_MS - clock.now()
  while (!over.aborted && leftMs() > 0) {
    await clock.sleep(leftMs(), over)
    if (gate.writableNeedDrain) movedAt = clock.now() // a full gate means that S3 is slow, not the sender
  }
  if (!over.aborted) fail(new PartStalled(STALL_MS / SECOND_MS))
}

/** A sink that keeps nothing: for a part that is stored already and is only compared. */
export async function discard(gate: PartGate, signal: AbortSignal): Promise<void> {
  gate.resume()
  await finished(gate, { signal })
}
