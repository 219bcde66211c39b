import { AsyncLocalStorage } from 'node:async_hooks'

/** What is known of the request that something is done for. `traceId`: its caller's, 32 hex digits, where it told one. */
export type RequestContext = { requestId: string; traceId?: string }

const storage = new AsyncLocalStorage<RequestContext>()

/** Does something, and all that follows from it, in the name of a request. */
export const inRequest = <Result>(context: RequestContext, act: () => Result): Result =>
  storage.run(context, act)

/** The request for which the caller works; undefined where it works for nobody, as a sweep does. */
export const currentRequest = (): RequestContext | undefined => storage.getStore()
