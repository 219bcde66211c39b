import { useState } from 'react'
import { artworkUrl } from '../addresses.ts'
import type { Track } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import styles from './cover.module.css'

/** A picture that is still being made is asked for again after so long, and so often. */
const ASK_AGAIN_MS = 3000
const MOST_TRIES = 5

/** The picture on the case: the cover of the result, or the drawing of a cassette where it will have none. */
export function Cover({ track: { file, uploadId, media, edits, coverVersion } }: { track: Track }) {
  const isSent = edits.artwork === 'uploaded'
  const isThere = isSent || (media?.artwork === true && edits.artwork !== 'strip')
  const url =
    uploadId !== undefined && isThere ? artworkUrl(uploadId, isSent ? coverVersion : undefined) : undefined
  return (
    <div className={styles['cover']}>
      {url === undefined ? (
        <Cassette />
      ) : (
        <Picture key={url} url={url} alt={messages.files.coverOf(file.name)} />
      )}
    </div>
  )
}

function Picture({ url, alt }: { url: string; alt: string }) {
  const [tries, setTries] = useState(0)
  if (tries === MOST_TRIES) return <Cassette />
  const later = () => setTimeout(() => setTries(tries + 1), ASK_AGAIN_MS)
  return <img key={tries} src={url} alt={alt} loading="lazy" decoding="async" onError={later} />
}

const Cassette = () => (
  <svg viewBox="0 0 48 48" aria-hidden="true" focusable="false">
    <rect x="5" y="11" width="38" height="26" rx="3" />
    <circle cx="16" cy="23" r="5" />
    <circle cx="32" cy="23" r="5" />
    <path d="M21 23h6M14 37l3-6h14l3 6" />
  </svg>
)
