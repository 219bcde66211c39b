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
  make: () => Promise<Made>
}

/**
 * What is made of sounds when somebody first asks for it, and then kept. Each is made once, however many ask, and one at a
 * time in a process, since jobs need the processors more.
 */
export class MadeOnce<Made> {
  readonly #parts: { clock: Clock; log: Log }
  readonly #making = new Map<string, Promise<Made>>()
  readonly #line = new Line()

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#parts = { clock, log }
  }

  /** What is kept, or made now; undefined while it is still being made. Throws what finding and making throw. */
  async get(kept: Kept<Made>): Promise<Made | undefined> {
    const found = await kept.find()
    if (found !== undefined) return found
    const over = new AbortController()
    const patience = this.#parts.clock.sleep(PATIENCE_MS, over.signal).then(() => undefined)
    try {
      return await Promise.race([this.#once(kept), patience])
    } finally {
      over.abort()
    }
  }

  #once({ key, id, make }: Kept<Made>): Promise<Made> {
    const under = this.#making.get(key)
    if (under) return under
    const made = this.#line.do(make)
    this.#making.set(key, made)
    void made
      .catch((err: unknown) => this.#parts.log.warn({ err, id, key }, 'nothing made of a sound'))
      .finally(() => this.#making.delete(key))
    return made
  }
}
