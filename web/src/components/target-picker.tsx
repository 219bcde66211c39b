import type { UseQueryResult } from '@tanstack/react-query'
import type { FormatsView, FormatView } from '../../../src/contract/formats.ts'
import type { Target } from '../hooks/use-target.ts'
import { messages } from '../messages/index.ts'
import { targetName } from '../messages/names.ts'
import { optionWords } from '../messages/units.ts'
import { OptionFields } from './option-fields.tsx'
import styles from './target-picker.module.css'

type TargetPickerProps = {
  formats: UseQueryResult<FormatsView>
  target: Target | undefined
}

/** The keys of the deck: one for each preset and each format the server can make, and the settings of what is down. */
export function TargetPicker({ formats, target }: TargetPickerProps) {
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
    <section className={styles['picker']} aria-busy={!target}>
      <fieldset>
        <legend>{picker.legend}</legend>
        {target && formats.data ? (
          <Keys formats={formats.data} target={target} />
        ) : (
          <span className="visually-hidden">{picker.loading}</span>
        )}
      </fieldset>
      {target && formats.data && (
        <details className={styles['settings']}>
          <summary>
            <span>{picker.options(targetName(target.wish, formats.data))}</span>
            <span className={styles['changed']}>{changedWords(target)}</span>
          </summary>
          <OptionFields key={target.format.id} target={target} />
        </details>
      )}
    </section>
  )
}

function Keys({ formats: { formats, presets }, target }: { formats: FormatsView; target: Target }) {
  const { presetHints, presets: presetWords, formats: formatWords } = messages.picker
  const { wish, choosePreset, chooseFormat } = target
  return (
    <>
      <div className={styles['presets']} role="group" aria-label={presetWords}>
        {presets.map((preset) => (
          <Key
            key={preset.id}
            label={preset.label}
            hint={presetHints[preset.id]}
            checked={wish.preset === preset.id}
            onPress={() => choosePreset(preset.id)}
          />
        ))}
      </div>
      <div className={styles['keys']} role="group" aria-label={formatWords}>
        {formats.map((format) => (
          <Key
            key={format.id}
            label={format.label}
            title={formatHint(format)}
            checked={wish.preset === undefined && wish.format === format.id}
            onPress={() => chooseFormat(format.id)}
          />
        ))}
      </div>
    </>
  )
}

type KeyProps = {
  label: string
  hint?: string | undefined
  title?: string
  checked: boolean
  onPress: () => void
}

function Key({ label, hint, title, checked, onPress }: KeyProps) {
  return (
    <label className={styles['key']} title={title}>
      <input type="radio" name="target" aria-label={label} checked={checked} onChange={onPress} />
      <span>{label}</span>
      {hint !== undefined && <small>{hint}</small>}
    </label>
  )
}

const formatHint = ({ codec, lossless }: FormatView) =>
  lossless ? `${codec}, ${messages.picker.lossless}` : codec

/** The settings that were touched, so that a closed drawer hides nothing. */
function changedWords({ format, wish: { options } }: Target): string {
  const changed = Object.entries(options).map(([name, value]) => {
    const description = format.options[name]
    return description ? `${description.label} ${optionWords(description, value)}` : name
  })
  return changed.join(' · ') || messages.picker.untouched
}
