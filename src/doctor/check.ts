/** `warn`: it works, and there is something the operator should know. `skipped`: not looked at, `found` says why. */
export type Status = 'ok' | 'warn' | 'fail' | 'skipped'

/** What a check found, and what to do about it; one sentence each. */
export type Finding = { status: Status; found: string; advice?: string }

/** One look at an installation. */
export type Check = {
  name: string
  /** Checks without which this one says nothing: it is skipped unless they went well. */
  needs: readonly string[]
  /** What to do when it throws: the error then is what was found. */
  ifItThrows: string
  /** `signal` aborts when the operator has seen enough. */
  look(signal: AbortSignal): Promise<Finding>
}

/** A finding with its check's name, and how long it took, in milliseconds. */
export type CheckResult = Finding & { name: string; durationMs: number }

export const ok = (found: string): Finding => ({ status: 'ok', found })
export const warn = (found: string, advice: string): Finding => ({ status: 'warn', found, advice })
export const fail = (found: string, advice: string): Finding => ({ status: 'fail', found, advice })
export const skipped = (found: string): Finding => ({ status: 'skipped', found })

/** A value that one check finds out for those that need it. */
export class Later<Value> {
  #value: Value | undefined

  set(value: Value): void {
    this.#value = value
  }

  /** Undefined as long as nobody found it. */
  peek(): Value | undefined {
    return this.#value
  }

  /** Throws where nobody found it: the check that wants it does not name the one that does. */
  get(): Value {
    if (this.#value === undefined) throw new Error('A check needs what no check before it has found.')
    return this.#value
  }
}
