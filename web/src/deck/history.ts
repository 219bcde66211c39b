import type { Track, TrackState } from './track.ts'

const VERSION = 1
/** Progress changes many times a second, and is not worth writing down as often. */
const WRITE_AFTER_MS = 300

export type History = ReturnType<typeof createHistory>

type HistoryParts = {
  /** The browser's `localStorage`, where it gives one. */
  storage: Pick<Storage, 'getItem' | 'setItem'> | undefined
  /** One for each server. */
  name: string
  /** Milliseconds since 1970. */
  now: () => number
  /** Runs something a little later. */
  later: (run: () => void, ms: number) => void
}

type Written = { version: number; tracks: Track[] }

/**
 * The list as the next visit finds it, until the server removes what it tells of. Other windows write into the same list:
 * each changes its own rows alone. Without storage nothing is remembered, and nothing breaks.
 */
export function createHistory({ storage, name, now, later }: HistoryParts) {
  const owned = new Set<string>()
  let pending: readonly Track[] | undefined

  const isKept = ({ expiresAt }: Track) => expiresAt === undefined || Date.parse(expiresAt) > now()

  function read(): Track[] {
    try {
      const written = JSON.parse(storage?.getItem(name) ?? 'null') as Written | null
      return written?.version === VERSION ? written.tracks.filter(isKept) : []
    } catch {
      return [] // not ours, or no access
    }
  }

  function flush(): void {
    if (!pending) return
    const mine = pending
    pending = undefined
    for (const { key } of mine) owned.add(key)
    const others = read().filter(({ key }) => !owned.has(key))
    const tracks = [...others, ...mine.map(forPaper)]
    try {
      storage?.setItem(name, JSON.stringify({ version: VERSION, tracks } satisfies Written))
    } catch {
      // Full or forbidden: this visit goes on without.
    }
  }

  return {
    load(): Track[] {
      const tracks = read().map(asEarlier)
      for (const { key } of tracks) owned.add(key)
      return tracks
    },
    save(tracks: readonly Track[]): void {
      if (!pending) later(flush, WRITE_AFTER_MS)
      pending = tracks
    },
    /** Writes what is not written yet: the page is about to go. */
    flush,
  }
}

/** Files and what is measured of them do not outlive a visit. */
const forPaper = (track: Track): Track => ({
  ...track,
  ...{ picked: undefined, bytesPerSecond: undefined, etaMs: undefined },
})

/** Steps at which an earlier visit was still sending the file. */
const SENDING = new Set<TrackState['step']>(['waiting', 'uploading', 'paused', 'checking'])

const asEarlier = (track: Track): Track => ({
  ...track,
  earlier: track.state.step === 'converting',
  ...(SENDING.has(track.state.step) && { state: { step: 'interrupted' } }),
})
