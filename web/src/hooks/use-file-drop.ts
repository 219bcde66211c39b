import { useEffect, useEffectEvent, useState } from 'react'

const carriesFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false

/** Takes files dropped anywhere in the window; tells whether some are held over it right now. */
export function useFileDrop(onFiles: (files: File[]) => void): boolean {
  const [dragging, setDragging] = useState(false)
  const take = useEffectEvent(onFiles)
  useEffect(() => {
    const listening = new AbortController()
    const listen = (
      type: 'dragenter' | 'dragover' | 'dragleave' | 'drop',
      react: (event: DragEvent) => void,
    ) => window.addEventListener(type, (event) => carriesFiles(event) && react(event), listening)
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
      take(Array.from(event.dataTransfer?.files ?? []))
    })
    return () => listening.abort()
  }, [])
  return dragging
}
