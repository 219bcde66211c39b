/**
 * Whose turn an event is: a process, a user, or the world (what is under way between them). `paused`: stopped by a
 * signal, so that its events wait; `dead`: they never come.
 */
export type Lane = { readonly name: string; state: 'running' | 'paused' | 'dead'; held: Event[] }

export type Event = { at: number; order: number; lane: Lane; act: (() => void) | undefined }

export const newLane = (name: string): Lane => ({ name, state: 'running', held: [] })

/** Real turns of the event loop are rare, but whoever runs the test wants to hear from it. */
const EVENTS_PER_REAL_TURN = 5000
/** A moment in which nothing comes to rest is an endless loop. */
const MOST_TURNS_AT_ONCE = 1000

/**
 * The only source of time and order: events happen one after the other, each followed by everything that needs no time
 * (promises and setImmediate), so that one seed is always one story.
 */
export class Scheduler {
  /** What is under way on the network, and whoever holds the strings. */
  readonly world = newLane('world')
  readonly startedAt: number
  #now: number
  #order = 0
  readonly #heap: Event[] = []
  #immediates: (() => void)[] = []

  constructor(startsAt: number) {
    this.startedAt = startsAt
    this.#now = startsAt
  }

  /** True time in milliseconds. */
  get now(): number {
    return this.#now
  }

  after(ms: number, lane: Lane, act: () => void): Event {
    const event = { at: this.#now + Math.max(0, ms), order: this.#order++, lane, act }
    this.#push(event)
    return event
  }

  cancel(event: Event): void {
    event.act = undefined
  }

  pause(lane: Lane): void {
    if (lane.state === 'running') lane.state = 'paused'
  }

  /** Whatever a lane should have heard meanwhile, it hears now. */
  resume(lane: Lane): void {
    if (lane.state !== 'paused') return
    lane.state = 'running'
    for (const event of lane.held) this.#push({ ...event, at: this.#now, order: this.#order++ })
    lane.held = []
  }

  kill(lane: Lane): void {
    lane.state = 'dead'
    lane.held = []
  }

  /** Lets events happen until `isOver`, or until there are none left. */
  async run(isOver: () => boolean): Promise<void> {
    const { setImmediate: real } = globalThis
    globalThis.setImmediate = ((act: () => void) => this.#immediates.push(act)) as unknown as typeof real
    try {
      await this.#settle()
      for (let events = 1; !isOver() && this.#happen(); events++) {
        await this.#settle()
        if (events % EVENTS_PER_REAL_TURN === 0) await new Promise((resolve) => real(resolve))
      }
    } finally {
      globalThis.setImmediate = real
    }
  }

  /** The next event happens; false when there is none. */
  #happen(): boolean {
    for (let event = this.#pop(); event; event = this.#pop()) {
      const { lane, act, at } = event
      if (!act || lane.state === 'dead') continue
      if (lane.state === 'paused') {
        lane.held.push(event)
        continue
      }
      this.#now = Math.max(this.#now, at)
      act()
      return true
    }
    return false
  }

  /** A tick comes when no promise has anything left to do (Node: "process.nextTick" runs after the microtasks). */
  async #settle(): Promise<void> {
    for (let turns = 0; turns < MOST_TURNS_AT_ONCE; turns++) {
      await new Promise<void>((resolve) => process.nextTick(resolve))
      if (this.#immediates.length === 0) return
      const due = this.#immediates
      this.#immediates = []
      for (const act of due) act()
    }
    throw new Error(`Something goes round in circles at ${this.#now}.`)
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isSooner(event, heap[parent])) break
      heap[at] = heap[parent] as Event
      at = parent
    }
    heap[at] = event
  }

  #pop(): Event | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last || heap.length === 0) return first
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= heap.length) break
      const right = left + 1
      const child = isSooner(heap[right], heap[left]) ? right : left
      if (!isSooner(heap[child], last)) break
      heap[at] = heap[child] as Event
      at = child
    }
    heap[at] = last
    return first
  }
}

function isSooner(a: Event | undefined, b: Event | undefined): boolean {
  if (!a) return false
  if (!b) return true
  return a.at === b.at ? a.order < b.order : a.at < b.at
}
