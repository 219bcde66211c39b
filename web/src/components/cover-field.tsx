import type { Deck, Track } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import styles from './cover-field.module.css'

type CoverFieldProps = { deck: Deck; track: Track; hasOwn: boolean }

/** The cover of the result. */
export function CoverField({ deck, track: { key, edits }, hasOwn }: CoverFieldProps) {
  const { edit } = messages
  if (!hasOwn) return <p className={styles['none']}>{edit.noCover}</p>
  return (
    <label className={styles['cover']}>
      <span>{edit.cover}</span>
      <select
        value={edits.artwork ?? 'keep'}
        onChange={({ target }) =>
          deck.edit(key, { artwork: target.value === 'keep' ? undefined : target.value })
        }
      >
        <option value="keep">{edit.keepCover}</option>
        <option value="strip">{edit.removeCover}</option>
      </select>
    </label>
  )
}
