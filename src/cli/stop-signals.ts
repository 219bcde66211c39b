import type { Clock } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'

/**
 * Signals that follow the first one within this time are copies of it: a terminal (Ctrl-C) and systemd signal every process of
 * a group, and npm forwards its own copy to the server. A person who wants to force the stop presses the keys again.
 */
const COPIES_WITHIN_MS = SECOND_MS

type StopActions = { stop: () => void; forceStop: () => void }

/** Gives a handler for SIGTERM and SIGINT: the first signal stops in order, a later one at once. */
export function createStopHandler(clock: Pick<Clock, 'now'>, { stop, forceStop }: StopActions): () => void {
  let stoppingSince: number | undefined
  return () => {
    if (stoppingSince === undefined) {
      stoppingSince = clock.now()
      stop()
    } else if (clock.now() - stoppingSince > COPIES_WITHIN_MS) forceStop()
  }
}
