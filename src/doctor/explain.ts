import { StoreUnavailable } from '../aws/index.ts'
import { Failure } from '../kernel/failure.ts'

const LONGEST = 300

/** What went wrong, in one line: what a store or the system said itself, without what was wrapped around it. */
export function explain(error: unknown): string {
  const text = textOf(innermost(error)).replaceAll(/\s+/g, ' ').trim()
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

/** `fetch` and {@link StoreUnavailable} say only that something failed; a refused `localhost` fails once an address. */
function innermost(error: unknown): unknown {
  if (error instanceof AggregateError) return innermost(error.errors[0])
  const wraps = error instanceof StoreUnavailable || error instanceof TypeError
  return wraps && error.cause !== undefined ? innermost(error.cause) : error
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const name = error.name === 'Error' ? error.constructor.name : error.name
  const isPlain = error instanceof Failure || name === 'Error' || error.message.includes(name)
  return isPlain ? error.message : `${name}: ${error.message}`
}

/** The name a store gave its refusal, as in `AccessDenied`. */
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')
