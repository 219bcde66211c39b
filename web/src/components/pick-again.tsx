import { useEffect, useState, type ChangeEvent } from 'react'
import type { FileHandle } from '../../../src/client/index.ts'
import type { Deck, Track } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import styles from './pick-again.module.css'

/** Goes on with an interrupted upload: by the browser's way back to the file where there is one, else by choosing it again. */
export function PickAgain({ deck, track }: { deck: Deck; track: Track }) {
  const { files, step } = messages
  const { key, file } = track
  const [handle, setHandle] = useState<FileHandle>()
  const [isOther, setOther] = useState(false)
  useEffect(() => {
    let isStale = false
    void deck.handleOf(key).then((found) => {
      if (!isStale) setHandle(found)
    })
    return () => void (isStale = true)
  }, [deck, key])
  const pick = ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const [chosen] = currentTarget.files ?? []
    currentTarget.value = ''
    if (chosen) setOther(!deck.continueWith(key, { file: chosen }))
  }
  const goOn = (known: FileHandle) =>
    void deck.continueBy(key, known).then((done) => {
      if (done) return
      setHandle(undefined) // moved or not allowed: it can still be chosen
      setOther(true)
    })
  return (
    <>
      {isOther && (
        <p className={styles['other']} role="alert">
          {step.otherFile}
        </p>
      )}
      {handle && (
        <button type="button" aria-label={files.resumeFile(file.name)} onClick={() => goOn(handle)}>
          {files.resume}
        </button>
      )}
      <label className="as-button">
        <input
          className="visually-hidden"
          type="file"
          aria-label={files.pickFile(file.name)}
          onChange={pick}
        />
        {files.pick}
      </label>
    </>
  )
}
