import { useEffect, useSyncExternalStore } from 'react'
import { needsPage, type Deck, type Track } from '../deck/index.ts'
import { useMinute } from './use-minute.ts'

/** The files on the deck, until the server removes their results. While any of them needs this page, leaving it asks first. */
export function useTracks(deck: Deck): readonly Track[] {
  const tracks = useSyncExternalStore(deck.subscribe, deck.tracks)
  const now = useMinute()
  useEffect(() => deck.dropExpired(now), [deck, now])
  const busy = tracks.some(needsPage)
  useEffect(() => {
    if (!busy) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [busy])
  return tracks
}
