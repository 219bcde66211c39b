import { systemClock, type Clock } from '../../src/kernel/clock.ts'

/** A clock that goes as the system's does and can be turned forward. */
export type TurnedClock = {
  clock: Clock
  /** Whoever sleeps sleeps on. */
  turn: (ms: number) => void
  /** Wakes those whose time has come by turning. */
  wake: () => void
}

export function createTurnedClock(): TurnedClock {
  let offset = 0
  let waking = new AbortController()
  const now = () => systemClock.now() + offset
  const clock: Clock = {
    now,
    async sleep(ms, signal) {
      for (const dueAt = now() + ms; now() < dueAt && !signal?.aborted;) {
        const woken = signal ? AbortSignal.any([signal, waking.signal]) : waking.signal
        await systemClock.sleep(Math.max(0, dueAt - now()), woken)
      }
    },
  }
  const wake = () => {
    waking.abort()
    waking = new AbortController()
  }
  return { clock, turn: (ms) => (offset += ms), wake }
}
