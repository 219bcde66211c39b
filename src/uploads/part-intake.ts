import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Clock } from '../kernel/clock.ts'
import { KiB, SECOND_MS } from '../kernel/units.ts'
import { PartStalled } from './failures.ts'
import type { PartGate } from './part-gate.ts'

/** Longest time without a byte, and the least that has to come within a while: 512 bytes a second. */
const STALL_MS = 20 * SECOND_MS
const WINDOW_MS = 30 * SECOND_MS
const LEAST_PER_WINDOW_BYTES = 15 * KiB
const LOOK_EVERY_MS = SECOND_MS

/** Feeds the bytes of a gate to wherever they go; must end when the signal aborts. */
type Sink<Result> = (gate: PartGate, signal: AbortSignal) => Promise<Result>

/** `dropped` aborts when the part is not wanted any more; its reason is thrown then. */
export type FeedParts = { clock: Clock; dropped: AbortSignal }

/**
 * Feeds `body` through `gate` to `sink`. Whatever breaks first (the sender, the gate, the sink, no byte for 20 s, less than
 * 15 KiB in 30 s) aborts the sink's signal and is what this throws. The rest of a refused body is read and dropped, since a
 * sender that is cut off does not read the answer.
 */
export async function feed<Result>(
  body: Readable,
  gate: PartGate,
  { clock, dropped }: FeedParts,
  sink: Sink<Result>,
): Promise<Result> {
  const broken = new AbortController()
  const over = new AbortController()
  const fail = (reason: unknown) => broken.abort(reason)
  const gone = () => {
    if (!body.readableEnded) fail(gate.wrongSize())
  }
  const drop = () => fail(dropped.reason)
  body.on('error', fail).on('close', gone)
  if (body.destroyed) gone() // it hung up before anybody listened
  gate.on('error', fail)
  dropped.addEventListener('abort', drop)
  if (dropped.aborted) drop()
  void watchSender(body, gate, clock, { over: over.signal, fail })
  try {
    body.pipe(gate)
    // S3 ends a connection on which nothing comes, as if it were away: it is asked when there is something for it.
    await once(gate, 'readable', { signal: broken.signal })
    return await sink(gate, broken.signal)
  } catch (error) {
    throw broken.signal.aborted ? broken.signal.reason : error
  } finally {
    over.abort()
    dropped.removeEventListener('abort', drop)
    body.off('close', gone)
    body.unpipe(gate).resume()
    gate.destroy()
  }
}

/** How many bytes had come at a time. */
type Moment = { at: number; bytes: number }

/** Fails the part of a sender that stands still or is too slow. While the gate is full, S3 is the slow one. */
async function watchSender(
  body: Readable,
  gate: PartGate,
  clock: Clock,
  { over, fail }: { over: AbortSignal; fail: (reason: unknown) => void },
): Promise<void> {
  const isOver = () => over.aborted || body.readableEnded
  const moment = (): Moment => ({ at: clock.now(), bytes: gate.bytes })
  let moved = moment()
  let window = moved
  while (!isOver()) {
    await clock.sleep(LOOK_EVERY_MS, over)
    if (isOver()) return
    const now = moment()
    if (gate.writableNeedDrain) window = moved = now
    if (now.bytes > moved.bytes) moved = now
    const fault = faultOf(now, moved, window)
    if (fault !== undefined) fail(new PartStalled(fault))
    if (now.at - window.at >= WINDOW_MS) window = now
  }
}

/** What is wrong with a sender that brought something last when it `moved`, and so much since `window` began. */
function faultOf(now: Moment, moved: Moment, window: Moment): string | undefined {
  if (now.at - moved.at >= STALL_MS) return `Nothing arrived for ${STALL_MS / SECOND_MS} s.`
  if (now.at - window.at < WINDOW_MS || now.bytes - window.bytes >= LEAST_PER_WINDOW_BYTES) return undefined
  return `Less than ${LEAST_PER_WINDOW_BYTES} bytes arrived within ${WINDOW_MS / SECOND_MS} s.`
}

/** A sink that keeps nothing: for a part that is stored already and is only compared. */
export async function discard(gate: PartGate, signal: AbortSignal): Promise<void> {
  gate.resume()
  await finished(gate, { signal })
}
