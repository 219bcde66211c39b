import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { messages } from '../messages/index.ts'
import type { Batch } from '../tracks/batch.ts'

export type NotificationWish = {
  state: 'impossible' | 'off' | 'on' | 'refused'
  ask: () => void
}

/** Tells with a notification that a batch is over, when people wished so and look elsewhere. */
export function useNotification({ isOver, running, ready, failed }: Batch): NotificationWish {
  const [state, setState] = useState<NotificationWish['state']>(() =>
    'Notification' in window && window.isSecureContext ? 'off' : 'impossible',
  )
  const isBusy = running > 0
  const wasBusy = useRef(false)
  const tell = useEffectEvent(() => {
    if (state !== 'on' || !document.hidden) return
    const { page, batch } = messages
    const shown = new Notification(page.name, { body: batch.notification(ready, failed), tag: 'batch' })
    shown.addEventListener('click', () => window.focus())
  })
  useEffect(() => {
    if (isOver && wasBusy.current) tell()
    wasBusy.current = isBusy
  }, [isBusy, isOver])
  const ask = () => {
    void Notification.requestPermission().then((answer) => setState(answer === 'granted' ? 'on' : 'refused'))
  }
  return { state, ask }
}
