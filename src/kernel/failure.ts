/** Details of a failure that a client may see: JSON-ready, without paths, buckets or tables. */
export type Facts = Record<string, unknown>

/**
 * Something that went wrong in a way we can name. `code` is stable and kebab-case; the door maps it to a status.
 * The message is written for the person who reads it: what happened and what to do.
 */
export abstract class Failure extends Error {
  abstract readonly code: string
  readonly facts: Facts

  constructor(message: string, facts: Facts = {}, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.facts = facts
  }
}
