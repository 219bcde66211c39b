import type { Clock } from '../../src/kernel/clock.ts'

/** A clock that stands still until it is advanced. */
export type FakeClock = Clock & {
  /** Moves time forward and wakes each sleeper whose time has come, in order; resolves when all of them have gone on. */
  advance: (ms: number) => Promise<void>
  /** How long each sleep so far was to last, in milliseconds. */
  sleeps: number[]
}

/** No multiple of a quarter of a second, so that rounding to one is seen. */
const STARTS_AT = 1_800_000_000_010

type Sleeper = { dueAt: number; wake: () => void }

export function createFakeClock(startsAt = STARTS_AT): FakeClock {
  let now = startsAt
  const sleepers = new Set<Sleeper>()
  const sleeps: number[] = []

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    sleeps.push(ms)
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper = { dueAt: now + ms, wake }
      function wake() {
        sleepers.delete(sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      sleepers.add(sleeper)
      signal?.addEventListener('abort', wake, { once: true })
    })
  }

  async function advance(ms: number): Promise<void> {
    const until = now + ms
    await settled() // whoever is about to sleep sleeps
    for (let next = earliest(sleepers); next && next.dueAt <= until; next = earliest(sleepers)) {
      now = Math.max(now, next.dueAt)
      next.wake()
      await settled()
    }
    now = until
    await settled()
  }

  return { now: () => now, sleep, advance, sleeps }
}

const earliest = (sleepers: ReadonlySet<Sleeper>) => [...sleepers].sort((a, b) => a.dueAt - b.dueAt)[0]

/** Lets everything go on that waits for no time: repositories gather their reads for one turn of the event loop. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await new Promise((resolve) => setImmediate(resolve))
}
