/** Whether the browser thinks there is a network. A server on this very machine answers all the same. */
export const isOnline = (): boolean => navigator.onLine

export function onOnlineChange(listener: () => void): () => void {
  window.addEventListener('online', listener)
  window.addEventListener('offline', listener)
  return () => {
    window.removeEventListener('online', listener)
    window.removeEventListener('offline', listener)
  }
}

/** Resolves once the browser thinks there is a network, or `signal` aborts. */
export const whenOnline = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      stop()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const stop = onOnlineChange(() => isOnline() && done())
    signal.addEventListener('abort', done)
    if (isOnline() || signal.aborted) done()
  })
