import type { Track } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import { size, timeSpan } from '../messages/units.ts'
import type { TrackView } from '../tracks/describe-track.ts'
import { useMinute } from '../hooks/use-minute.ts'
import styles from './track-status.module.css'

type TrackStatusProps = { track: Track; view: TrackView; expiresAt: string | undefined }

/** Where a file is, in words. Said aloud is only how it ended: on the way there the bar says more than words. */
export function TrackStatus({ track: { file }, view, expiresAt }: TrackStatusProps) {
  const now = useMinute()
  const left = view.result && expiresAt !== undefined ? Date.parse(expiresAt) - now : undefined
  return (
    <div className={styles['status']} data-tone={view.tone}>
      <p role="status" aria-atomic="true">
        {view.ended && (
          <>
            <span className="visually-hidden">{file.name}: </span>
            {view.words}
          </>
        )}
      </p>
      {!view.ended && <p>{view.words}</p>}
      {view.result && (
        <p className={styles['kept']}>
          {[
            view.result.size !== undefined && size(view.result.size),
            left !== undefined && left > 0 && messages.step.keptFor(timeSpan(left)),
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      )}
      {view.warnings.map((warning) => (
        <p key={warning} className={styles['kept']} lang="en">
          {warning}
        </p>
      ))}
    </div>
  )
}
