import { useSyncExternalStore } from 'react'

const MINUTE_MS = 60_000

const subscribe = (listener: () => void) => {
  const every = setInterval(listener, MINUTE_MS / 4)
  return () => clearInterval(every)
}
const minute = () => Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS

/** The time, milliseconds since 1970, as of the last full minute. */
export const useMinute = (): number => useSyncExternalStore(subscribe, minute)
