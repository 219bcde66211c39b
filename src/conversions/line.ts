/** Work that is done one after the other. */
export class Line {
  #last: Promise<unknown> = Promise.resolve()

  /** Does it when its turn has come, however what came before it ended. */
  do<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }
}
