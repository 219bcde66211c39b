import type { Track } from './track.ts'

export type TrackStore = ReturnType<typeof createTrackStore>

/** The list of tracks, in a form `useSyncExternalStore` can follow: each change makes a new list. */
export function createTrackStore() {
  let tracks: readonly Track[] = []
  const listeners = new Set<() => void>()
  const set = (next: readonly Track[]) => {
    tracks = next
    for (const listener of listeners) listener()
  }
  return {
    all: () => tracks,
    find: (key: string) => tracks.find((track) => track.key === key),
    append: (added: readonly Track[]) => set([...tracks, ...added]),
    insertAfter: (key: string, added: Track) =>
      set(tracks.flatMap((track) => (track.key === key ? [track, added] : [track]))),
    change: (key: string, patch: Partial<Track>) =>
      set(tracks.map((track) => (track.key === key ? { ...track, ...patch } : track))),
    remove: (key: string) => set(tracks.filter((track) => track.key !== key)),
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
