import { Component, type ReactNode } from 'react'
import { messages } from '../messages/index.ts'
import styles from './crash-guard.module.css'

/** Stands in for a page that broke: files on the server and uploads that were begun are found again after a reload. */
export class CrashGuard extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError = () => ({ broken: true })

  override render() {
    if (!this.state.broken) return this.props.children
    return (
      <main className={styles['guard']} role="alert">
        <h1>{messages.page.broken}</h1>
        <p>{messages.page.brokenAdvice}</p>
        <button type="button" onClick={() => window.location.reload()}>
          {messages.page.reload}
        </button>
      </main>
    )
  }
}
