import { setTimeout as delay } from 'node:timers/promises'

/** Where every room takes the time from, so that tests can turn it. */
export type Clock = {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Resolves after `ms` milliseconds; resolves early, without throwing, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { ref: true, ...(signal && { signal }) })
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  },
}

/** ISO 8601 in UTC, the form of every `...At` field on the wire. */
export const isoTime = (epochMs: number): string => new Date(epochMs).toISOString()
