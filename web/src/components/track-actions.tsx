import { needsPage, sameWish, type Deck, type Track, type Wish } from '../deck/index.ts'
import type { Job } from '../hooks/use-job.ts'
import { messages } from '../messages/index.ts'
import { size } from '../messages/units.ts'
import type { TrackView } from '../tracks/describe-track.ts'
import styles from './track-actions.module.css'

type TrackActionsProps = {
  deck: Deck
  track: Track
  view: TrackView
  job: Job
  wish: Wish | undefined
  onRemove: (key: string) => void
  /** The button that was pressed gives way to others. */
  onReplaced: () => void
}

/** What can be done with a file now: stop it, take its result, make another, try it again, put it away. */
export function TrackActions({ deck, track, view, job, wish, onRemove, onReplaced }: TrackActionsProps) {
  const { key, file, state } = track
  const { result, ended, retriable } = view
  const { files } = messages
  const converting = state.step === 'converting' ? state : undefined
  const stoppable = needsPage(track) || (converting !== undefined && !ended)
  const another = result && wish && converting && !sameWish(wish, converting.wish) ? wish : undefined
  const button = (words: string, label: string, press: () => void) => (
    <button type="button" aria-label={label} onClick={press}>
      {words}
    </button>
  )
  const cancel = () => {
    if (converting) job.cancel()
    else deck.cancel(key)
    onReplaced()
  }
  const again = () => {
    deck.retry(key)
    onReplaced()
  }
  return (
    <div className={styles['actions']}>
      {result && (
        <a className={styles['download']} href={result.url} download={result.name}>
          {files.download} <span className="visually-hidden">{result.name}</span>
          {result.size !== undefined && <span>{size(result.size)}</span>}
        </a>
      )}
      {another &&
        button(files.also(another.label), files.alsoFile(file.name, another.label), () =>
          deck.convertAlso(key),
        )}
      {stoppable && !job.cancelling && button(files.cancel, files.cancelFile(file.name), cancel)}
      {retriable && button(files.again, files.againFile(file.name), again)}
      {ended && button(files.remove, files.removeFile(file.name), () => onRemove(key))}
    </div>
  )
}
