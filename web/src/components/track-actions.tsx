import { needsPage, type Deck, type Track, type Wish } from '../deck/index.ts'
import type { Job } from '../hooks/use-job.ts'
import { messages } from '../messages/index.ts'
import type { TrackView } from '../tracks/describe-track.ts'
import { PickAgain } from './pick-again.tsx'
import styles from './track-actions.module.css'

type TrackActionsProps = {
  deck: Deck
  track: Track
  view: TrackView
  job: Job
  /** What it would become now. */
  order: Wish | undefined
  onRemove: (track: Track, hasResult: boolean) => void
  /** The button that was pressed gives way to others. */
  onReplaced: () => void
}

type Action = { words: string; label: string; press: () => void; isMain?: boolean }

/**
 * What can be done with a file now. What comes and goes on the way is at the left, so that nothing moves under the
 * pointer.
 */
export function TrackActions(props: TrackActionsProps) {
  const { deck, track, view } = props
  const { files } = messages
  return (
    <div className={styles['actions']}>
      {track.state.step === 'interrupted' && <PickAgain deck={deck} track={track} />}
      {actionsOf(props).map(({ words, label, press, isMain = false }) => (
        <button key={words} type="button" aria-label={label} data-main={isMain} onClick={press}>
          {words}
        </button>
      ))}
      {view.result && (
        <a className={styles['download']} href={view.result.url} download={view.result.name}>
          {files.download} <span className="visually-hidden">{view.result.name}</span>
        </a>
      )}
    </div>
  )
}

function actionsOf({ deck, track, view, job, order, onRemove, onReplaced }: TrackActionsProps): Action[] {
  const { files } = messages
  const { key, file, state, wanted } = track
  const { step } = state
  const isConverting = step === 'converting'
  const give = (words: string, labelled: (name: string) => string, act: () => void, isMain = false) => ({
    ...{ words, label: labelled(file.name), isMain },
    press: () => {
      act()
      onReplaced()
    },
  })
  const isOver = view.ended || step === 'ready' || step === 'interrupted'
  const remove = () => onRemove(track, view.result !== undefined)
  return [
    step === 'uploading' && give(files.pause, files.pauseFile, () => deck.pause(key)),
    step === 'paused' && give(files.resume, files.resumeFile, () => deck.resume(key)),
    wanted && needsPage(track) && give(files.hold, files.holdFile, () => deck.hold(key)),
    needsPage(track) && give(files.cancel, files.cancelFile, () => deck.cancel(key)),
    isConverting && !view.ended && !job.cancelling && give(files.cancel, files.cancelFile, job.cancel),
    view.retriable &&
      give(files.again, files.againFile, () => (isConverting && !job.lost ? job.retry() : deck.retry(key))),
    isConverting && view.ended && give(files.another, files.anotherFile, () => deck.again(key)),
    isOver && {
      ...(view.result
        ? { words: files.delete, label: files.deleteFile(file.name) }
        : { words: files.remove, label: files.removeFile(file.name) }),
      press: remove,
    },
    step === 'ready' && order && give(files.convert, files.convertFile, () => deck.convert(key, order), true),
  ].filter((action) => action !== false && action !== undefined)
}
