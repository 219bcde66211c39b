import { useState } from 'react'
import { artworkUrl } from '../api.ts'
import type { Track } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import styles from './cover.module.css'

/** The picture on the case: the cover of the file, or the drawing of a cassette where it has none. */
export function Cover({ track: { file, uploadId, media, edits } }: { track: Track }) {
  const [broken, setBroken] = useState(false)
  const isThere = media?.artwork === true && uploadId !== undefined && edits.artwork !== 'strip' && !broken
  return (
    <div className={styles['cover']}>
      {isThere ? (
        <img
          src={artworkUrl(uploadId)}
          alt={messages.files.coverOf(file.name)}
          loading="lazy"
          decoding="async"
          onError={() => setBroken(true)}
        />
      ) : (
        <svg viewBox="0 0 48 48" aria-hidden="true" focusable="false">
          <rect x="5" y="11" width="38" height="26" rx="3" />
          <circle cx="16" cy="23" r="5" />
          <circle cx="32" cy="23" r="5" />
          <path d="M21 23h6M14 37l3-6h14l3 6" />
        </svg>
      )}
    </div>
  )
}
