import { useSyncExternalStore } from 'react'
import styles from './app.module.css'
import { ApiProblem } from './api-problem.ts'
import { BatchBar } from './components/batch-bar.tsx'
import { DropZone } from './components/drop-zone.tsx'
import { KeyGate } from './components/key-gate.tsx'
import { LanguageChoice } from './components/language-choice.tsx'
import { TargetPicker } from './components/target-picker.tsx'
import { TrackList } from './components/track-list.tsx'
import { needsPage, type Deck } from './deck/index.ts'
import { useAnnouncement, useBatch, usePageStatus } from './hooks/use-batch.ts'
import { useFormats } from './hooks/use-formats.ts'
import { usePass } from './hooks/use-pass.ts'
import { useTarget } from './hooks/use-target.ts'
import { useTracks } from './hooks/use-tracks.ts'
import { useWish } from './hooks/use-wish.ts'
import { messages } from './messages/index.ts'
import { timeSpan } from './messages/units.ts'
import { isOnline, onOnlineChange } from './network.ts'

export function App({ deck }: { deck: Deck }) {
  const formats = useFormats()
  const [wish, choose] = useWish(formats.data)
  const target = useTarget(formats.data, wish, choose)
  const tracks = useTracks(deck)
  const batch = useBatch(tracks)
  const announcement = useAnnouncement(batch)
  const online = useSyncExternalStore(onOnlineChange, isOnline)
  usePageStatus(batch)
  usePass()
  const isLocked = formats.error instanceof ApiProblem && formats.error.status === 401
  const limits = formats.data?.limits
  const shared = { deck, wish, formats: formats.data, done: batch.done }

  return (
    <div className={styles['page']}>
      <header className={styles['header']}>
        <h1>{messages.page.name}</h1>
        <p role="status" data-offline={!online}>
          {online ? messages.page.lead : messages.page.offline}
        </p>
      </header>
      {isLocked ? (
        <KeyGate />
      ) : (
        <main className={styles['main']}>
          <div className={styles['machine']}>
            <DropZone
              busy={tracks.some(needsPage)}
              maxBytes={limits?.maxUploadBytes}
              onFiles={(files) => deck.add(files)}
            />
            <TargetPicker formats={formats} target={target} />
          </div>
          <div className={styles['files']}>
            {tracks.length === 0 && formats.data && <p className={styles['empty']}>{messages.files.empty}</p>}
            <TrackList {...shared} tracks={tracks.filter(({ earlier }) => !earlier)} />
            <BatchBar {...shared} batch={batch} tracks={tracks} />
            <TrackList {...shared} tracks={tracks.filter(({ earlier }) => earlier)} earlier />
          </div>
        </main>
      )}
      <p className="visually-hidden" aria-live="polite">
        {announcement}
      </p>
      {/* What is below the keys waits for them, or it would jump when they come. */}
      {!formats.isPending && (
        <footer className={styles['footer']}>
          <span>{limits && messages.page.kept(timeSpan(limits.retentionMs))}</span>
          <LanguageChoice />
        </footer>
      )}
    </div>
  )
}
