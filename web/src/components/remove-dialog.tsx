import { useEffect, useId, useRef, useState } from 'react'
import { messages } from '../messages/index.ts'
import styles from './remove-dialog.module.css'

type RemoveDialogProps = {
  name: string
  remove: () => Promise<void>
  onRemoved: () => void
  onKept: () => void
}

/** Asks before something is deleted that cannot be had back. */
export function RemoveDialog({ name, remove, onRemoved, onKept }: RemoveDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [state, setState] = useState<'asking' | 'removing' | 'failed'>('asking')
  const title = useId()
  const words = messages.remove
  useEffect(() => dialog.current?.showModal(), [])
  const confirm = () => {
    setState('removing')
    remove().then(onRemoved, () => setState('failed'))
  }
  return (
    <dialog ref={dialog} className={styles['dialog']} aria-labelledby={title} onClose={onKept}>
      <h2 id={title}>{words.title(name)}</h2>
      <p>{words.words}</p>
      <p role="alert">{state === 'failed' && words.failed}</p>
      <div className={styles['actions']}>
        <button type="button" onClick={() => dialog.current?.close()}>
          {words.keep}
        </button>
        <button type="button" className={styles['delete']} disabled={state === 'removing'} onClick={confirm}>
          {words.confirm}
        </button>
      </div>
    </dialog>
  )
}
