import { useId, useState, type SubmitEvent } from 'react'
import { access, KeyRefused } from '../access/index.ts'
import { messages } from '../messages/index.ts'
import styles from './key-gate.module.css'

/** Asks for the key of a server that wants one. With it the page begins anew, with the list of the key's owner. */
export function KeyGate() {
  const words = messages.key
  const [key, setKey] = useState('')
  const [state, setState] = useState<'asking' | 'trying' | 'wrong' | 'failed'>('asking')
  const field = useId()
  const problem = useId()
  const open = (event: SubmitEvent) => {
    event.preventDefault()
    setState('trying')
    access.enter(key.trim()).then(
      () => location.reload(),
      (error: unknown) => setState(error instanceof KeyRefused ? 'wrong' : 'failed'),
    )
  }
  return (
    <main className={styles['gate']}>
      <h2>{words.title}</h2>
      <p>{words.words}</p>
      <form onSubmit={open}>
        <label htmlFor={field}>{words.label}</label>
        <div className={styles['entry']}>
          <input
            id={field}
            type="password"
            autoComplete="off"
            required
            value={key}
            aria-invalid={state === 'wrong'}
            aria-describedby={problem}
            onChange={(event) => setKey(event.target.value)}
          />
          <button type="submit" disabled={state === 'trying'}>
            {words.open}
          </button>
        </div>
        <p id={problem} role="alert">
          {(state === 'wrong' || state === 'failed') && words[state]}
        </p>
      </form>
    </main>
  )
}
