import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { Line } from './line.ts'

/** Whoever asks waits this long at most: load balancers end requests that give no answer. */
const PATIENCE_MS = 20 * SECOND_MS

/** Something that is kept under a key of its own: how to find it there, and how to make it and put it there. */
export type Kept<Made> = {
  key: string
  /** Of the sound, for the log. */
  id: string
  find: () => Promise<Made | undefined>
  /** Must end when the signal aborts. */
  make: (signal: AbortSignal) => Promise<Made>
}

export type MadeOnceParts = {
  clock: Clock
  log: Log
  /** Aborts when the process stops and nobody waits for an answer any more. */
  shutdown: AbortSignal
}

/** What is being made, and for whom. */
type Making<Made> = {
  made: Promise<Made>
  /** Requests that wait for it. */
  waiting: number
  /** Somebody was told that it is being made, and will ask again. */
  promised: boolean
  stop: () => void
}

/**
 * What is made of sounds when somebody first asks for it, and then kept. Each is made once, however many ask, and one at a
 * time in a process, since jobs need the processors more. It stops when everybody who asked has left.
 */
export class MadeOnce<Made> {
  readonly #parts: MadeOnceParts
  readonly #making = new Map<string, Making<Made>>()
  readonly #line = new Line()

  constructor({ clock, log, shutdown }: MadeOnceParts) {
    this.#parts = { clock, log, shutdown }
  }

  /**
   * What is kept, or made now; undefined while it is still being made, or when the client has left (`gone`). Throws what
   * finding and making throw.
   */
  async get(kept: Kept<Made>, gone: AbortSignal): Promise<Made | undefined> {
    const found = await kept.find()
    const hasLeft = () => gone.aborted
    if (found !== undefined || hasLeft()) return found
    const making = this.#once(kept)
    const over = new AbortController()
    const enough = AbortSignal.any([over.signal, gone])
    const patience = this.#parts.clock.sleep(PATIENCE_MS, enough).then(() => undefined)
    making.waiting += 1
    try {
      return await Promise.race([making.made, patience])
    } finally {
      over.abort()
      making.waiting -= 1
      if (!hasLeft()) making.promised = true
      if (making.waiting === 0 && !making.promised) making.stop()
    }
  }

  #once(kept: Kept<Made>): Making<Made> {
    const under = this.#making.get(kept.key)
    if (under) return under
    const making = this.#begin(kept)
    this.#making.set(kept.key, making)
    return making
  }

  #begin({ key, id, make }: Kept<Made>): Making<Made> {
    const { log, shutdown } = this.#parts
    const left = new AbortController()
    const signal = AbortSignal.any([left.signal, shutdown])
    const made = this.#line.do(() => {
      signal.throwIfAborted()
      return make(signal)
    })
    // Who asks after that must not get what was stopped.
    const forget = () => {
      if (this.#making.get(key) === making) this.#making.delete(key)
    }
    const stop = () => {
      forget()
      left.abort()
    }
    const making = { made, waiting: 0, promised: false, stop }
    void made
      .catch((err: unknown) => {
        if (!signal.aborted) log.warn({ err, id, key }, 'nothing made of a sound')
      })
      .finally(forget)
    return making
  }
}
