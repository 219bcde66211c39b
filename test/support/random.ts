/** Numbers that look random and are always the same for the same seed (splitmix32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** In [0, 1), as Math.random gives them. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let mixed = this.#state ^ (this.#state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** Mostly near `least`, seldom near `most`: as latencies and lengths of outages are. */
  seldomLong(least: number, most: number): number {
    return Math.round(least + (most - least) * this.next() ** 4)
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.between(0, items.length - 1)] ?? items[0]
  }

  /** One of several by weight. */
  weighted<Item>(items: readonly [weight: number, item: Item][], otherwise: Item): Item {
    let left = this.next() * items.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, item] of items) {
      left -= weight
      if (left < 0) return item
    }
    return otherwise
  }

  /** Numbers of their own for one concern, so that a change of it does not change all the others. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 2 ** 32))
  }
}
