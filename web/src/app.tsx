import { useEffect } from 'react'
import styles from './app.module.css'
import { DropZone } from './components/drop-zone.tsx'
import { FormatPicker } from './components/format-picker.tsx'
import { TrackList } from './components/track-list.tsx'
import { needsPage, type Deck } from './deck/index.ts'
import { useChoice } from './hooks/use-choice.ts'
import { useFormats } from './hooks/use-formats.ts'
import { useTracks } from './hooks/use-tracks.ts'
import { messages } from './messages/index.ts'
import { hours } from './messages/units.ts'

export function App({ deck }: { deck: Deck }) {
  const formats = useFormats()
  const choice = useChoice(formats.data?.formats)
  const tracks = useTracks(deck)
  const limits = formats.data?.limits
  const wish = choice?.wish
  useEffect(() => {
    if (wish) deck.choose(wish)
  }, [deck, wish])

  return (
    <div className={styles['page']}>
      <header className={styles['header']}>
        <h1>{messages.page.name}</h1>
        <p>{messages.page.lead}</p>
      </header>
      <main className={styles['main']}>
        <div className={styles['machine']}>
          <FormatPicker formats={formats} choice={choice} />
          <DropZone
            busy={tracks.some(needsPage)}
            maxBytes={limits?.maxUploadBytes}
            onFiles={(files) => deck.add(files)}
          />
        </div>
        <TrackList deck={deck} tracks={tracks} wish={wish} />
      </main>
      <footer className={styles['footer']}>{limits && messages.page.kept(hours(limits.retentionMs))}</footer>
    </div>
  )
}
