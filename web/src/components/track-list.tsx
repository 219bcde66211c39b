import { useCallback, useEffect, useRef, useState } from 'react'
import type { FormatsView } from '../../../src/contract/formats.ts'
import { zipUrl } from '../addresses.ts'
import type { Deck, Track, Wish } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import { fetchLateCode } from './late.tsx'
import { RemoveDialog } from './remove-dialog.tsx'
import styles from './track-list.module.css'
import { TrackRow } from './track-row.tsx'
import { ZipLinks } from './zip-links.tsx'

type TrackListProps = {
  deck: Deck
  tracks: readonly Track[]
  wish: Wish | undefined
  formats: FormatsView | undefined
  /** Jobs that have a result. */
  done: ReadonlySet<string>
  /** Conversions of earlier visits. */
  earlier?: boolean
}

/** One row for each file, in the order they were added. */
export function TrackList({ deck, tracks, wish, formats, done, earlier = false }: TrackListProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const [removing, setRemoving] = useState<Track>()
  const isEmpty = tracks.length === 0
  useEffect(() => {
    if (!isEmpty) fetchLateCode()
  }, [isEmpty])
  // A row takes the focus with it when it goes.
  const removed = useCallback(() => {
    setRemoving(undefined)
    heading.current?.focus()
  }, [])
  // Must stay the same function: one that changes would render every row again with each progress event of any of them.
  const remove = useCallback(
    (track: Track, hasResult: boolean) => {
      if (hasResult) {
        setRemoving(track)
        return
      }
      void deck.remove(track.key).catch(() => deck.drop(track.key)) // the server removes it in its time
      removed()
    },
    [deck, removed],
  )
  if (earlier && isEmpty) return null
  const id = earlier ? 'earlier' : 'files'
  return (
    <section aria-labelledby={id} className={styles['section']}>
      <div className={earlier ? styles['head'] : 'visually-hidden'}>
        <h2 id={id} tabIndex={-1} ref={heading}>
          {earlier ? messages.files.earlier : messages.files.heading}
        </h2>
        {earlier && <ZipLinks tracks={tracks} done={done} urlOf={zipUrl} />}
      </div>
      <ul className={styles['list']}>
        {tracks.map((track) => (
          <TrackRow key={track.key} {...{ deck, track, wish, formats }} onRemove={remove} />
        ))}
      </ul>
      {removing && (
        <RemoveDialog
          name={removing.file.name}
          remove={() => deck.remove(removing.key)}
          onRemoved={removed}
          onKept={() => setRemoving(undefined)}
        />
      )}
    </section>
  )
}
