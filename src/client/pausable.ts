/**
 * Runs `turn` until it ends. A pause aborts its signal; after the resume it is called again and goes on where it was.
 * Both may be called at any time, and do nothing where there is nothing to do.
 */
export function createPausable<T>(
  turn: (signal: AbortSignal) => Promise<T>,
  cancelled: AbortSignal,
  onPause: () => void,
) {
  let current = new AbortController()
  let gate = Promise.withResolvers<undefined>()
  let ended = false
  gate.resolve(undefined)
  cancelled.addEventListener('abort', () => gate.resolve(undefined))

  async function turns(): Promise<T> {
    for (;;) {
      await gate.promise
      cancelled.throwIfAborted()
      const { signal } = current
      try {
        return await turn(AbortSignal.any([cancelled, signal]))
      } catch (error) {
        if (cancelled.aborted || !signal.aborted) throw error
      }
    }
  }

  return {
    run: () => turns().finally(() => (ended = true)),
    pause: () => {
      if (ended || cancelled.aborted || current.signal.aborted) return
      gate = Promise.withResolvers()
      current.abort()
      onPause()
    },
    resume: () => {
      if (!current.signal.aborted) return
      current = new AbortController()
      gate.resolve(undefined)
    },
  }
}
