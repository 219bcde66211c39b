import { memo, useRef } from 'react'
import type { Deck, Track, Wish } from '../deck/index.ts'
import { useJob } from '../hooks/use-job.ts'
import { messages } from '../messages/index.ts'
import { mediaSummary, size } from '../messages/units.ts'
import { describeTrack } from '../tracks/describe-track.ts'
import { ProgressTape } from './progress-tape.tsx'
import { TrackActions } from './track-actions.tsx'
import styles from './track-row.module.css'

type TrackRowProps = {
  deck: Deck
  track: Track
  wish: Wish | undefined
  onRemove: (key: string) => void
}

/** One file: what it is, how far it is, and what can be done with it. */
export const TrackRow = memo(function TrackRow({ deck, track, wish, onRemove }: TrackRowProps) {
  const { file, media, state, attempt } = track
  const title = useRef<HTMLHeadingElement>(null)
  const converting = state.step === 'converting' ? state : undefined
  const job = useJob(converting?.jobId)
  const view = describeTrack(track, job)
  const target = converting?.wish ?? (view.ended ? undefined : wish)
  return (
    <li className={styles['row']} data-tone={view.tone}>
      <div className={styles['head']}>
        <h3 title={file.name} tabIndex={-1} ref={title}>
          {file.name}
        </h3>
        {target && <span className={styles['target']}>{messages.files.becomes(target.label)}</span>}
      </div>
      <p className={styles['facts']}>
        {[size(file.size), media && mediaSummary(media)].filter(Boolean).join(' · ')}
      </p>
      <TrackActions
        {...{ deck, track, view, job, wish, onRemove }}
        onReplaced={() => title.current?.focus()}
      />
      <ProgressTape key={attempt} name={file.name} tone={view.tone} percent={view.percent} />
      <div className={styles['status']}>
        {/* Said aloud is only how it ended; on the way there the bar says more than words. */}
        <p role="status" aria-atomic="true">
          {view.ended && (
            <>
              <span className="visually-hidden">{file.name}: </span>
              {view.words}
            </>
          )}
        </p>
        {!view.ended && <p>{view.words}</p>}
        {view.warnings.map((warning) => (
          <p key={warning} className={styles['warning']}>
            {warning}
          </p>
        ))}
      </div>
    </li>
  )
})
