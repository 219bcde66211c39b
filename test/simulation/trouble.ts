import { SECOND_MS } from '../../src/kernel/units.ts'
import type { Host } from './host.ts'
import { NO_FAULTS, type Faults } from './network.ts'
import type { Random } from '../support/random.ts'
import type { World } from './world.ts'

const SWEEP_EVERY_MS = 60 * SECOND_MS
/** A process that stops has ended by then. */
const STOPPED_AFTER_MS = 11 * SECOND_MS
const REVIVE_EVERY_MS = 5 * SECOND_MS

/** All that can happen to processes, stores and the lines between them. */
export class Trouble {
  readonly #world: World
  readonly #hosts: readonly [Host, ...Host[]]
  readonly #random: Random

  constructor(world: World, hosts: readonly [Host, ...Host[]], random: Random) {
    this.#world = world
    this.#hosts = hosts
    this.#random = random
  }

  /** Something goes wrong somewhere. */
  strike(): void {
    const host = this.#random.pick(this.#hosts)
    const forMs = this.#random.seldomLong(500, 60_000)
    this.#random.weighted<() => void>(
      [
        [3, () => this.#crash(host, forMs)],
        [3, () => this.#pause(host, forMs)],
        [2, () => this.#stop(host, forMs)],
        [2, () => this.#cutOff(host, forMs)],
        [1, () => this.#outage('state', forMs)],
        [1, () => this.#outage('objects', forMs)],
        [3, () => this.#badLine(forMs)],
        [1, () => this.#sweep(host)],
      ],
      () => undefined,
    )()
  }

  #later(ms: number, act: () => void): void {
    this.#world.scheduler.after(ms, this.#world.scheduler.world, act)
  }

  #crash(host: Host, forMs: number): void {
    host.crash()
    this.#later(forMs / 3, () => host.start())
  }

  #pause(host: Host, forMs: number): void {
    host.pause()
    this.#later(forMs, () => host.resume())
  }

  #stop(host: Host, forMs: number): void {
    host.stop()
    this.#later(STOPPED_AFTER_MS + forMs / 3, () => host.start())
  }

  #cutOff(host: Host, forMs: number): void {
    const { lane } = host
    if (!lane) return
    this.#world.tell(lane.name, 'is cut off')
    this.#world.network.away.add(lane)
    this.#later(forMs, () => this.#world.network.away.delete(lane))
  }

  #outage(store: 'state' | 'objects', forMs: number): void {
    this.#world.tell(store, 'is away')
    this.#world.count(`${store} away`)
    this.#world.network.away.add(store)
    this.#later(forMs, () => {
      this.#world.tell(store, 'is back')
      this.#world.network.away.delete(store)
    })
  }

  #badLine(forMs: number): void {
    const share = () => (this.#random.chance(0.5) ? this.#random.next() / 6 : 0)
    const faults: Faults = {
      ...{ throttled: share(), lost: share(), answerLost: share(), repeated: share(), late: share() },
    }
    this.#world.tell('network', `loses and repeats: ${JSON.stringify(faults)}`)
    this.#world.network.faults = faults
    this.#later(forMs, () => (this.#world.network.faults = NO_FAULTS))
  }

  /** From now on everything works, and poison is the only thing that kills. */
  heal(): void {
    const { network } = this.#world
    this.#world.tell('all', 'is well')
    network.away.clear()
    network.faults = NO_FAULTS
    const revive = () => {
      for (const host of this.#hosts) {
        host.resume()
        host.start()
      }
      this.#later(REVIVE_EVERY_MS, revive)
    }
    revive()
  }

  /** What was written late, when its record was gone already, is no row's any more: an operator has it removed. */
  sweepAgainAndAgain(): void {
    this.#sweep(this.#hosts[0])
    this.#later(SWEEP_EVERY_MS, () => this.sweepAgainAndAgain())
  }

  #sweep(host: Host): void {
    const done = { got: () => undefined, refused: () => undefined }
    host.serve(({ sweeper }) => sweeper.sweep({ orphans: true }), done)
  }
}
