import { AsyncLocalStorage } from 'node:async_hooks'

/** For what something is done. */
export type WorkContext = {
  /** The request that asked for it. */
  requestId?: string | undefined
  /** The place in a trace that its caller told. */
  callersTrace?: string | undefined
  /** Its own place in a trace, or its caller's while nothing is traced here. */
  traceparent?: string | undefined
}

const storage = new AsyncLocalStorage<WorkContext>()
const NOTHING: WorkContext = {}

/** Does something, and all that follows from it, for what is told. */
export const inContext = <Result>(context: WorkContext, act: () => Result): Result =>
  storage.run(context, act)

/** For what the caller works; empty where it works for nobody, as a sweep does. */
export const currentContext = (): WorkContext => storage.getStore() ?? NOTHING

/**
 * The place in a trace of something new that comes of something older: its caller's trace, where that told one, or else
 * the one that the older thing began in, so that people who know nothing of traces get one of the whole.
 */
export function traceFrom(origin: string | undefined): string | undefined {
  const { callersTrace, traceparent } = currentContext()
  return callersTrace === undefined ? (origin ?? traceparent) : traceparent
}
