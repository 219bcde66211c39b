import type { ChangeEvent } from 'react'
import type { PickedFile } from '../deck/index.ts'
import { pickedOf } from '../files/take-files.ts'
import { useFiles } from '../hooks/use-files.ts'
import { messages } from '../messages/index.ts'
import { size } from '../messages/units.ts'
import styles from './drop-zone.module.css'
import { Reel } from './reel.tsx'

type DropZoneProps = {
  busy: boolean
  maxBytes: number | undefined
  onFiles: (files: PickedFile[]) => void
}

/** React knows no such attribute; all browsers do. */
const WHOLE_FOLDER = { webkitdirectory: '' }

/** The bay of the deck. Takes files: dropped anywhere on the page, pasted, or picked by a click or a key here. */
export function DropZone({ busy, maxBytes, onFiles }: DropZoneProps) {
  const { drop } = messages
  const dragging = useFiles(onFiles)
  const pick = ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const files = pickedOf(currentTarget.files)
    currentTarget.value = '' // so that the same file can be picked again
    if (files.length > 0) onFiles(files)
  }
  return (
    <div className={styles['bay']} data-dragging={dragging}>
      <label className={styles['files']}>
        <input className="visually-hidden" type="file" multiple onChange={pick} />
        <span className={styles['window']}>
          <Reel wound={1} turning={busy} />
          <span className={styles['scale']} />
          <Reel wound={0.2} turning={busy} />
        </span>
        <span className={styles['title']}>{dragging ? drop.release : drop.title}</span>{' '}
        <span className={styles['choose']}>{drop.choose}</span>{' '}
        <span className={styles['kinds']}>
          {drop.kinds}
          {maxBytes !== undefined && drop.limit(size(maxBytes))}
        </span>
      </label>
      <label className={styles['folder']}>
        <input className="visually-hidden" type="file" {...WHOLE_FOLDER} onChange={pick} />
        {drop.folder}
      </label>
    </div>
  )
}
