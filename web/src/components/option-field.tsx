import { useId, useState } from 'react'
import type { OptionDescription } from '../../../src/contract/formats.ts'
import { messages } from '../messages/index.ts'
import { number, withUnit } from '../messages/units.ts'
import styles from './option-field.module.css'

type FieldProps<Type extends OptionDescription> = {
  description: Type
  /** Undefined: the default. */
  value: number | undefined
  /** What an empty field means. */
  unset: string
  /** Another setting makes this one meaningless. */
  outdone: boolean
  onChange: (value: number | undefined) => void
}

/** One setting, drawn from its description alone. */
export function OptionField({ description, ...rest }: FieldProps<OptionDescription>) {
  if (description.type === 'choice') return <ChoiceField description={description} {...rest} />
  if (description.default === undefined) return <UnsetField description={description} {...rest} />
  return <SliderField description={description} fallback={description.default} {...rest} />
}

const LISTED_AT_MOST = 16

type Integer = Extract<OptionDescription, { type: 'integer' }>
type ChoiceOf = Extract<OptionDescription, { type: 'choice' }>

/** A few values are picked from a list, many are typed. */
function UnsetField({ description, ...rest }: FieldProps<Integer>) {
  const { min, max } = description
  if (max - min >= LISTED_AT_MOST) return <NumberField description={description} {...rest} />
  const choices = Array.from({ length: max - min + 1 }, (_, index) => min + index)
  return <ChoiceField description={{ ...description, type: 'choice', choices }} {...rest} />
}

function ChoiceField({ description, value, unset, outdone, onChange }: FieldProps<ChoiceOf>) {
  const { label, choices, unit, default: fallback } = description
  return (
    <label className={styles['field']}>
      <span className={styles['label']}>{label}</span>
      <select
        value={value ?? fallback ?? ''}
        disabled={outdone}
        onChange={({ target }) => onChange(target.value === '' ? undefined : Number(target.value))}
      >
        {fallback === undefined && <option value="">{unset}</option>}
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {withUnit(choice, unit)}
          </option>
        ))}
      </select>
    </label>
  )
}

function SliderField({
  description,
  fallback,
  value,
  outdone,
  onChange,
}: Omit<FieldProps<Integer>, 'unset'> & { fallback: number }) {
  const { label, min, max, unit } = description
  const id = useId()
  const shown = value ?? fallback
  return (
    <div className={styles['field']}>
      <span className={styles['label']}>
        <label htmlFor={id}>{label}</label>
        <output htmlFor={id}>{outdone ? '–' : withUnit(shown, unit)}</output>
      </span>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        value={shown}
        disabled={outdone}
        aria-valuetext={withUnit(shown, unit)}
        onChange={({ target }) => onChange(target.valueAsNumber)}
      />
      {outdone && <small>{messages.picker.unusedWithBitrate}</small>}
    </div>
  )
}

function NumberField({ description, value, unset, outdone, onChange }: FieldProps<Integer>) {
  const { label, min, max, unit } = description
  const [text, setText] = useState(value === undefined ? '' : String(value))
  const id = useId()
  const isValid = (typed: string) => /^\d+$/.test(typed) && Number(typed) >= min && Number(typed) <= max
  const invalid = text !== '' && !isValid(text)
  return (
    <label className={styles['field']}>
      <span className={styles['label']}>
        {label}
        {unit && <span>{unit}</span>}
      </span>
      <input
        type="text"
        inputMode="numeric"
        autoComplete="off"
        placeholder={unset}
        value={text}
        disabled={outdone}
        aria-invalid={invalid}
        aria-describedby={id}
        onChange={({ target }) => {
          setText(target.value)
          onChange(isValid(target.value) ? Number(target.value) : undefined)
        }}
      />
      <small id={id} data-invalid={invalid}>
        {messages.picker.range(number(min), number(max))}
      </small>
    </label>
  )
}
