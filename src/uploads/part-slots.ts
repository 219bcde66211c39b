import type { Clock } from '../kernel/clock.ts'
import { KiB, SECOND_MS } from '../kernel/units.ts'
import { PartStalled, UploadBusy } from './failures.ts'

/** Parts one process takes at once: of all clients, of one client, and of one upload. */
const MOST_IN_FLIGHT = { all: 24, client: 18, upload: 6 }
export const MOST_IN_FLIGHT_PER_UPLOAD = MOST_IN_FLIGHT.upload

/** A part that is slower than this after its first seconds may be dropped for one of somebody who waits. */
const SLOW_BYTES_PER_SECOND = 8 * KiB
const FIRST_MS = 10 * SECOND_MS

/** Anything that counts the bytes of a part. */
type Counted = { readonly bytes: number }

/** The place of one part on its way. */
export class PartSlot {
  readonly #begunAt: number
  readonly #free: () => void
  readonly #dropped = new AbortController()
  #counted: Counted = { bytes: 0 }

  constructor(begunAt: number, free: () => void) {
    this.#begunAt = begunAt
    this.#free = free
  }

  /** Aborts, with the reason, when another part has got the place. */
  get signal(): AbortSignal {
    return this.#dropped.signal
  }

  /** What tells from now on how many bytes came. */
  watch(counted: Counted): void {
    this.#counted = counted
  }

  /** Bytes a second since the part began; undefined where it is too early to tell. */
  rateAt(now: number): number | undefined {
    const ms = now - this.#begunAt
    return ms < FIRST_MS ? undefined : (this.#counted.bytes * SECOND_MS) / ms
  }

  drop(): void {
    this.#dropped.abort(new PartStalled('It came so slowly that another part was taken in its place.'))
    this.free()
  }

  /** Safe to repeat. */
  free(): void {
    this.#free()
  }
}

/** Counts parts on their way, so that too many are sent back before a byte of them is read. */
export class PartSlots {
  readonly #clock: Pick<Clock, 'now'>
  readonly #counts = new Map<string, number>()
  readonly #taken = new Set<PartSlot>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Throws {@link UploadBusy} where there is no place, and no part that is so slow that it has to give up its own. */
  take(client: string, uploadId: string): PartSlot {
    const own = [
      [`client ${client}`, MOST_IN_FLIGHT.client],
      [`upload ${uploadId}`, MOST_IN_FLIGHT.upload],
    ] as const
    if (own.some(([name, most]) => this.#count(name) >= most)) throw new UploadBusy()
    if (this.#taken.size >= MOST_IN_FLIGHT.all) this.#dropSlowest()
    const names = own.map(([name]) => name)
    for (const name of names) this.#counts.set(name, this.#count(name) + 1)
    const slot: PartSlot = new PartSlot(this.#clock.now(), () => {
      if (this.#taken.delete(slot)) names.forEach((name) => this.#uncount(name))
    })
    this.#taken.add(slot)
    return slot
  }

  #dropSlowest(): void {
    const now = this.#clock.now()
    const rates = [...this.#taken].map((slot) => ({ slot, rate: slot.rateAt(now) ?? SLOW_BYTES_PER_SECOND }))
    const [slowest] = rates.sort((a, b) => a.rate - b.rate)
    if (!slowest || slowest.rate >= SLOW_BYTES_PER_SECOND) throw new UploadBusy()
    slowest.slot.drop()
  }

  #count = (name: string) => this.#counts.get(name) ?? 0

  #uncount(name: string): void {
    const left = this.#count(name) - 1
    if (left > 0) this.#counts.set(name, left)
    else this.#counts.delete(name)
  }
}
