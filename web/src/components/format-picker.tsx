import type { UseQueryResult } from '@tanstack/react-query'
import type { FormatsView, FormatView } from '../../../src/contract/formats.ts'
import type { JobOptions, OptionDescription } from '../../../src/contract/options.ts'
import { hasRival, isOutdone, type Choice } from '../hooks/use-choice.ts'
import { messages } from '../messages/index.ts'
import { optionWords } from '../messages/units.ts'
import styles from './format-picker.module.css'
import { OptionField } from './option-field.tsx'

type FormatPickerProps = {
  formats: UseQueryResult<FormatsView>
  choice: Choice | undefined
}

/** The keys of the deck: one for each format the server can make, and the settings of the one that is down. */
export function FormatPicker({ formats, choice }: FormatPickerProps) {
  const { picker } = messages
  if (formats.isError)
    return (
      <div className={styles['unreachable']} role="alert">
        <p>{picker.unreachable}</p>
        <button type="button" onClick={() => void formats.refetch()}>
          {picker.again}
        </button>
      </div>
    )
  return (
    <section className={styles['picker']} aria-busy={!choice}>
      <fieldset>
        <legend>{picker.legend}</legend>
        <div className={styles['keys']}>
          {choice ? (
            formats.data?.formats.map((format) => <Key key={format.id} format={format} choice={choice} />)
          ) : (
            <span className="visually-hidden">{picker.loading}</span>
          )}
        </div>
      </fieldset>
      <details className={styles['settings']}>
        <summary>
          <span>{picker.options(choice?.format.label ?? '')}</span>
          <span className={styles['changed']}>{choice && changedWords(choice)}</span>
        </summary>
        <div className={styles['options']}>
          {choice && <Options key={choice.format.id} choice={choice} />}
        </div>
      </details>
    </section>
  )
}

function Key({ format, choice }: { format: FormatView; choice: Choice }) {
  const { id, label, codec, lossless } = format
  const hint = lossless ? `${codec}, ${messages.picker.lossless}` : codec
  return (
    <label className={styles['key']} title={hint}>
      <input
        type="radio"
        name="format"
        value={id}
        checked={choice.format.id === id}
        onChange={() => choice.chooseFormat(id)}
      />
      <span>{label}</span>
    </label>
  )
}

/** The settings that were touched, so that a closed drawer hides nothing. */
function changedWords({ format, options }: Choice): string {
  const changed = Object.entries(options).map(([name, value]) => {
    const description = format.options[name]
    return description ? `${description.label} ${optionWords(description, value)}` : name
  })
  return changed.join(' · ') || messages.picker.untouched
}

/** What is set for all files at once: not the name of one, nor what only joining needs. */
const isForAll = (description: OptionDescription) =>
  description.type !== 'text' && !('joinedOnly' in description && description.joinedOnly)

function Options({ choice: { format, options, setOption } }: { choice: Choice }) {
  const shown = Object.entries(format.options).filter(([, description]) => isForAll(description))
  return shown.map(([name, description]) => (
    <OptionField
      key={name}
      description={description}
      value={options[name as keyof JobOptions]}
      outdone={isOutdone(options, name)}
      unset={hasRival(format, name) ? messages.picker.byRival : messages.picker.asSource}
      onChange={(value) => setOption(name, value)}
    />
  ))
}
