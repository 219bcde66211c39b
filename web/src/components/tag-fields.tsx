import type { FormatView } from '../../../src/contract/formats.ts'
import type { Media } from '../../../src/contract/media.ts'
import type { Deck, Track } from '../deck/index.ts'
import { tagOf, withTag } from '../editing/tags.ts'
import { messages } from '../messages/index.ts'
import { CoverField } from './cover-field.tsx'
import styles from './tag-fields.module.css'

/** Tags that most people mean when they speak of tags. */
const COMMON = ['title', 'artist', 'album', 'date', 'track', 'genre']

type TagFieldsProps = { deck: Deck; track: Track; media: Media; format: FormatView }

/** What the result is called, and what it says of itself: as in the source, or otherwise. */
export function TagFields({ deck, track, media, format: { options, extension } }: TagFieldsProps) {
  const { edit } = messages
  const { key, file, edits } = track
  const tags = options['metadata']?.type === 'tags' ? options['metadata'] : undefined
  const nameOption = options['name']?.type === 'text' ? options['name'] : undefined
  const field = (name: string) => (
    <Field
      key={name}
      label={edit.tagNames[name] ?? name}
      value={tagOf(edits, media.tags, name)}
      maxLength={tags?.maxLength}
      onChange={(text) => deck.edit(key, { metadata: withTag(edits, media.tags, name, text) })}
    />
  )
  const rare = tags?.names.filter((name) => !COMMON.includes(name)) ?? []
  return (
    <div className={styles['tags']}>
      {options['artwork'] && <CoverField deck={deck} track={track} hasOwn={media.artwork} />}
      {nameOption && (
        <Field
          label={`${edit.name} (.${extension})`}
          value={edits.name ?? ''}
          placeholder={file.name.replace(/\.[^.]+$/, '')}
          maxLength={nameOption.maxLength}
          onChange={(name) => deck.edit(key, { name: name || undefined })}
        />
      )}
      {tags && COMMON.filter((name) => tags.names.includes(name)).map(field)}
      {rare.length > 0 && (
        <details className={styles['rare']}>
          <summary>{edit.moreTags}</summary>
          <div className={styles['tags']}>{rare.map(field)}</div>
        </details>
      )}
    </div>
  )
}

type FieldProps = {
  label: string
  value: string
  placeholder?: string
  maxLength: number | undefined
  onChange: (text: string) => void
}

function Field({ label, onChange, ...input }: FieldProps) {
  return (
    <label className="labelled">
      <span>{label}</span>
      <input type="text" autoComplete="off" {...input} onChange={({ target }) => onChange(target.value)} />
    </label>
  )
}
