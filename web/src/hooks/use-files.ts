import { useEffect, useEffectEvent, useState } from 'react'
import type { PickedFile } from '../deck/index.ts'
import { filesOf } from '../files/take-files.ts'

const carriesFiles = (transfer: DataTransfer | null) => transfer?.types.includes('Files') ?? false

/** Takes files dropped anywhere in the window, or pasted; tells whether some are held over it right now. */
export function useFiles(onFiles: (files: PickedFile[]) => void): boolean {
  const [dragging, setDragging] = useState(false)
  const take = useEffectEvent(async (transfer: DataTransfer) => {
    const files = await filesOf(transfer)
    if (files.length > 0) onFiles(files)
  })
  useEffect(() => {
    const listening = new AbortController()
    const listen = (
      type: 'dragenter' | 'dragover' | 'dragleave' | 'drop',
      react: (event: DragEvent) => void,
    ) => window.addEventListener(type, (event) => carriesFiles(event.dataTransfer) && react(event), listening)
    const over = (event: DragEvent) => {
      event.preventDefault() // or the browser opens the file in place of the page
      setDragging(true)
    }
    listen('dragenter', over)
    listen('dragover', over)
    // Only leaving the window has nothing it goes to; between elements there always is.
    listen('dragleave', ({ relatedTarget }) => relatedTarget === null && setDragging(false))
    listen('drop', (event) => {
      event.preventDefault()
      setDragging(false)
      if (event.dataTransfer) void take(event.dataTransfer)
    })
    window.addEventListener(
      'paste',
      ({ clipboardData }) => {
        if (clipboardData && carriesFiles(clipboardData)) void take(clipboardData)
      },
      listening,
    )
    return () => listening.abort()
  }, [])
  return dragging
}
