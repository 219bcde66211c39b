import { isEditable, type Track } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import styles from './panel-button.module.css'

type PanelButtonProps = {
  track: Track
  isOpen: boolean
  /** The id of what is opened. */
  panel: string
  onOpen: (open: boolean) => void
}

/** Opens what can be set for a file, or what there is to know of its conversion. Its place is kept when there is neither. */
export function PanelButton({ track, isOpen, panel, onOpen }: PanelButtonProps) {
  const { files } = messages
  const { name } = track.file
  const isEditing = isEditable(track)
  return (
    <button
      type="button"
      className={styles['button']}
      data-useless={!isEditing && track.state.step !== 'converting'}
      aria-expanded={isOpen}
      aria-controls={panel}
      aria-label={isEditing ? files.editFile(name) : files.detailsFile(name)}
      onClick={() => onOpen(!isOpen)}
    >
      {isEditing ? files.edit : files.details}
    </button>
  )
}
