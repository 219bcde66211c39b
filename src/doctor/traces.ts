/** Takes one thing away; gives false where its row is left to expire. Must be safe to repeat. */
type Removal = () => Promise<unknown>

/** What the doctor made and has to take away again, the last first. */
export class Traces {
  readonly #removals: { what: string; remove: Removal }[] = []

  /** To be called before the thing is made, so that a failure in between leaves nothing. */
  add(what: string, remove: Removal): void {
    this.#removals.push({ what, remove })
  }

  /**
   * Takes all away; one failure does not stop the rest. Gives how many were taken, which expire by themselves, and which
   * could not be taken, and why.
   */
  async clear() {
    const left: { what: string; error: unknown }[] = []
    const expiring: string[] = []
    let removed = 0
    for (const { what, remove } of this.#removals.splice(0).reverse()) {
      try {
        if ((await remove()) === false) expiring.push(what)
        removed += 1
      } catch (error) {
        left.push({ what, error })
      }
    }
    return { removed, expiring, left }
  }
}
