import { useRef } from 'react'
import type { Deck, Track, Wish } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import styles from './track-list.module.css'
import { TrackRow } from './track-row.tsx'

type TrackListProps = { deck: Deck; tracks: readonly Track[]; wish: Wish | undefined }

/** One row for each file, in the order they were added. */
export function TrackList({ deck, tracks, wish }: TrackListProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  // A row takes the focus with it when it goes.
  const remove = (key: string) => {
    deck.remove(key)
    heading.current?.focus()
  }
  return (
    <section aria-labelledby="files">
      <h2 id="files" className="visually-hidden" tabIndex={-1} ref={heading}>
        {messages.files.heading}
      </h2>
      <ul className={styles['list']}>
        {tracks.map((track) => (
          <TrackRow key={track.key} deck={deck} track={track} wish={wish} onRemove={remove} />
        ))}
      </ul>
    </section>
  )
}
