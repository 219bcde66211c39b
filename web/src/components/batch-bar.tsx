import type { FormatsView } from '../../../src/contract/formats.ts'
import { zipUrl } from '../addresses.ts'
import { isEditable, orderFor, type Deck, type Track, type Wish } from '../deck/index.ts'
import { useNotification } from '../hooks/use-notification.ts'
import { messages } from '../messages/index.ts'
import type { Batch } from '../tracks/batch.ts'
import styles from './batch-bar.module.css'
import { WayBar } from './way-bar.tsx'
import { ZipLinks } from './zip-links.tsx'

type BatchBarProps = {
  deck: Deck
  tracks: readonly Track[]
  wish: Wish | undefined
  formats: FormatsView | undefined
  done: ReadonlySet<string>
  batch: Batch
}

/** All files at once: how they stand, converting them, taking the results. */
export function BatchBar({ deck, tracks, wish, formats, done, batch }: BatchBarProps) {
  const words = messages.batch
  const notification = useNotification(batch)
  const ours = tracks.filter(({ earlier }) => !earlier)
  const waiting = ours.filter(isEditable)
  const convert = () => {
    if (!wish || !formats) return
    for (const track of waiting) deck.convert(track.key, orderFor(track, wish, formats.formats))
  }
  if (batch.total === 0) return null
  return (
    <section className={styles['bar']} aria-label={words.heading}>
      <div className={styles['summary']}>
        <p>{words.summary(batch)}</p>
        <div className={styles['way']}>
          {batch.running > 0 && <WayBar kind="upload" label={words.heading} way={batch} />}
        </div>
      </div>
      <div className={styles['actions']}>
        {notification.state !== 'impossible' && batch.running > 0 && (
          <button
            type="button"
            aria-pressed={notification.state === 'on'}
            disabled={notification.state === 'refused'}
            onClick={notification.ask}
          >
            {notification.state === 'refused'
              ? words.notAllowed
              : notification.state === 'on'
                ? words.notifying
                : words.notify}
          </button>
        )}
        <ZipLinks tracks={ours} done={done} urlOf={zipUrl} />
        {waiting.length > 0 && (
          <button type="button" className={styles['convert']} disabled={!wish} onClick={convert}>
            {words.convert(waiting.length)}
          </button>
        )}
      </div>
    </section>
  )
}
