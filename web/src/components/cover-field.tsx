import { useMutation } from '@tanstack/react-query'
import type { ChangeEvent } from 'react'
import { ApiProblem } from '../api-problem.ts'
import { putArtwork } from '../api.ts'
import type { Deck, Track } from '../deck/index.ts'
import { messages, problemWords } from '../messages/index.ts'
import styles from './cover-field.module.css'

type CoverFieldProps = { deck: Deck; track: Track; hasOwn: boolean }

/** The cover of the result: that of the source, one of people's own, or none. */
export function CoverField({ deck, track: { key, file, uploadId, edits }, hasOwn }: CoverFieldProps) {
  const { edit } = messages
  const sending = useMutation({
    mutationFn: ({ to, picture }: { to: string; picture: File }) => putArtwork(to, picture),
    onSuccess: () => deck.takeCover(key),
  })
  const pick = ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const [picture] = currentTarget.files ?? []
    currentTarget.value = ''
    if (picture && uploadId !== undefined) sending.mutate({ to: uploadId, picture })
  }
  const chosen = edits.artwork ?? 'keep'
  const choices = { keep: hasOwn ? edit.keepCover : edit.noCover, strip: hasOwn && edit.removeCover }
  return (
    <div className={styles['cover']}>
      <label className="labelled">
        <span>{edit.cover}</span>
        <select
          value={chosen}
          onChange={({ target }) =>
            deck.edit(key, { artwork: target.value === 'keep' ? undefined : target.value })
          }
        >
          {Object.entries(choices).map(
            ([value, words]) =>
              words && (
                <option key={value} value={value}>
                  {words}
                </option>
              ),
          )}
          {chosen === 'uploaded' && <option value="uploaded">{edit.ownCover}</option>}
        </select>
      </label>
      <label className="as-button">
        <input
          className="visually-hidden"
          type="file"
          accept="image/jpeg,image/png"
          aria-label={edit.chooseCoverOf(file.name)}
          onChange={pick}
        />
        {sending.isPending ? edit.sendingCover : edit.chooseCover}
      </label>
      <p role="alert">{sending.error && refusalWords(sending.error)}</p>
    </div>
  )
}

const refusalWords = (error: Error) =>
  error instanceof ApiProblem ? problemWords(error.code, error.message) : messages.failed
