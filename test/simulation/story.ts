import { createHash } from 'node:crypto'
import { SECOND_MS } from '../../src/kernel/units.ts'
import { KINDS, type Kind } from './conversion.ts'
import { Host, RETENTION_MS } from './host.ts'
import { Person, type Plan } from './person.ts'
import { withRandomOf } from './platform.ts'
import { Random } from '../support/random.ts'
import { putSource, type Source } from './source.ts'
import { Trouble } from './trouble.ts'
import { World, type Defect } from './world.ts'

const TROUBLE_FOR_MS = 150 * SECOND_MS
/** Long enough for takeovers, backoffs and the slowest conversion once nothing is wrong any more. */
const AT_REST_WITHIN_MS = 600 * SECOND_MS
/** Retention, what clocks differ by, and two sweeps. */
const GONE_WITHIN_MS = RETENTION_MS + 240 * SECOND_MS
const HOSTS = ['red', 'green', 'blue'] as const
const LOOK_EVERY_MS = SECOND_MS

/** What came of a seed. */
export type Story = {
  seed: number
  violations: readonly string[]
  trace: readonly string[]
  tally: ReadonlyMap<string, number>
  /** Of the whole trace: the same seed is the same story. */
  digest: string
}

/** Three processes, their stores and some people, with everything going wrong that the seed says. */
export async function tellStory(seed: number, defect?: Defect): Promise<Story> {
  const random = new Random(seed)
  const world = new World(random, defect)
  await withRandomOf(random.fork(), () => new Plot(world).play())
  const { violations } = world.judge
  const digest = createHash('sha256').update(world.trace.join('\n')).digest('hex')
  return { seed, violations, trace: world.trace, tally: world.tally, digest }
}

class Plot {
  readonly #world: World
  readonly #random: Random
  readonly #hosts: readonly [Host, ...Host[]]
  readonly #people: Person[] = []
  readonly #trouble: Trouble

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.fork()
    const skew = () => ({
      offsetMs: this.#random.between(-20_000, 20_000),
      drift: this.#random.between(-50, 50) / 10_000,
    })
    const [first, ...others] = HOSTS.map((name) => new Host(world, name, skew()))
    if (!first) throw new Error('There are no hosts.')
    this.#hosts = [first, ...others]
    this.#trouble = new Trouble(world, this.#hosts, this.#random)
  }

  async play(): Promise<void> {
    const { scheduler } = this.#world
    for (const host of this.#hosts) host.start()
    this.#peopleCome()
    for (let at = 0; at < TROUBLE_FOR_MS; at += this.#random.between(1, 12) * SECOND_MS)
      scheduler.after(at, scheduler.world, () => this.#trouble.strike())
    scheduler.after(TROUBLE_FOR_MS, scheduler.world, () => this.#trouble.heal())
    await this.#until(TROUBLE_FOR_MS + AT_REST_WITHIN_MS, () => this.#isAtRest(), 'not everything ended')
    const restedAt = this.#world.at
    this.#trouble.sweepAgainAndAgain()
    await this.#until(restedAt + GONE_WITHIN_MS, () => this.#isGone(), 'not everything was removed')
  }

  async #until(limitMs: number, isOver: () => boolean, otherwise: string): Promise<void> {
    const { scheduler, judge } = this.#world
    let over = false
    const look = () => {
      over = isOver() || judge.violations.length > 0 || this.#world.at >= limitMs
      if (!over) scheduler.after(LOOK_EVERY_MS, scheduler.world, look)
    }
    scheduler.after(0, scheduler.world, look)
    await scheduler.run(() => over)
    if (judge.violations.length === 0 && !isOver()) judge.accuse(`${otherwise}: ${this.#rest()}`)
  }

  /** No trouble any more, every job ended, everybody content. */
  #isAtRest(): boolean {
    const busy = this.#world.rowsOf('jobs').some(({ state }) => state === 'queued' || state === 'running')
    return this.#world.at > TROUBLE_FOR_MS && !busy && this.#people.every(({ done }) => done)
  }

  /** Cleanup has removed everything but tombstones and what TTL takes. */
  #isGone(): boolean {
    const rows = [...this.#world.rowsOf('jobs'), ...this.#world.rowsOf('uploads')]
    return rows.every(({ state }) => state === 'gone') && this.#world.bucket.keys().length === 0
  }

  #rest(): string {
    const rows = [...this.#world.rowsOf('jobs'), ...this.#world.rowsOf('uploads')]
    const left = rows.filter(({ state }) => state !== 'gone')
    const ids = left.map(({ jobId, uploadId, state }) => `${String(jobId ?? uploadId)} is ${String(state)}`)
    const waiting = this.#people.filter(({ done }) => !done).map(({ name }) => `${name} waits`)
    return [...ids, ...this.#world.bucket.keys(), ...waiting].join(', ')
  }

  #peopleCome(): void {
    const sources = KINDS.flatMap((kind) => [kind, ...(kind === 'plain' ? [kind, kind] : [])]).map((kind) =>
      this.#putSource(kind),
    )
    const crowd = this.#random.between(4, 9)
    for (let at = 0; at < crowd; at++) {
      const plan = this.#plan()
      const person = new Person(this.#world, `person ${at}`, this.#hosts)
      this.#people.push(person)
      const source = this.#random.chance(0.6) ? sources[0] : this.#random.pick([sources[0], ...sources])
      if (source) void person.live(source, plan)
    }
  }

  #putSource(kind: Kind): Source {
    const lifeMs = this.#random.between(TROUBLE_FOR_MS / 3, RETENTION_MS)
    return putSource(this.#world, { kind, takesMs: this.#random.seldomLong(500, 60_000), lifeMs })
  }

  #plan(): Plan {
    return {
      arrivesAt: this.#random.between(0, TROUBLE_FOR_MS),
      cancelsAfter: this.#random.chance(0.35) ? this.#random.seldomLong(0, 60_000) : undefined,
      retries: this.#random.chance(0.5),
      deletes: this.#random.chance(0.2),
      plain: this.#random.chance(0.4),
    }
  }
}
