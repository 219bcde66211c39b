import { useId, useState } from 'react'
import type { IntegerOption, NumberOption, OptionDescription } from '../../../src/contract/options.ts'
import type { OptionValue } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import { number, withUnit } from '../messages/units.ts'
import styles from './option-field.module.css'

type FieldProps<Type extends OptionDescription, Value> = {
  description: Type
  /** Undefined: the default. */
  value: Value | undefined
  /** What an empty field means. */
  unset: string
  /** Another setting makes this one meaningless. */
  outdone: boolean
  onChange: (value: Value | undefined) => void
}

/** One setting, drawn from its description alone. */
export function OptionField({
  description,
  value,
  onChange,
  ...rest
}: FieldProps<OptionDescription, OptionValue>) {
  const amount = typeof value === 'number' ? value : undefined
  switch (description.type) {
    case 'choice':
      return <ChoiceField description={description} value={amount} onChange={onChange} {...rest} />
    case 'keyword':
    case 'tags':
      return <KeywordField description={description} value={value} onChange={onChange} />
    case 'group':
      return <GroupField description={description} value={value} onChange={onChange} unset={rest.unset} />
    case 'text':
      return null
    case 'integer':
    case 'number': {
      const amountProps = { description, value: amount, onChange, ...rest }
      if (description.default === undefined) return <UnsetField {...amountProps} />
      return <SliderField {...amountProps} fallback={description.default} />
    }
  }
}

type KeywordProps = {
  description: Extract<OptionDescription, { type: 'keyword' | 'tags' }>
  value: OptionValue
  onChange: (value: string) => void
}

function KeywordField({ description, value, onChange }: KeywordProps) {
  const { label, choices, default: fallback } = description
  return (
    <label className={styles['field']}>
      <span className={styles['label']}>{label}</span>
      <select
        value={typeof value === 'string' ? value : fallback}
        onChange={({ target }) => onChange(target.value)}
      >
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {messages.picker.keywords[choice] ?? choice}
          </option>
        ))}
      </select>
    </label>
  )
}

type GroupProps = {
  description: Extract<OptionDescription, { type: 'group' }>
  value: OptionValue
  unset: string
  onChange: (value: Record<string, number> | undefined) => void
}

/** Settings that belong together: off, or on with what is set in each. */
function GroupField({ description, value, unset, onChange }: GroupProps) {
  const { label, fields } = description
  const set = typeof value === 'object' ? (value as Record<string, number>) : undefined
  const standard = Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) =>
      field.default === undefined ? [] : [[name, field.default]],
    ),
  )
  const change = (name: string, one: number | undefined) => {
    const others = Object.entries(set ?? {}).filter(([other]) => other !== name)
    onChange(Object.fromEntries(one === undefined ? others : [...others, [name, one]]))
  }
  return (
    <fieldset className={styles['group']}>
      <legend>
        <label>
          <input
            type="checkbox"
            checked={set !== undefined}
            onChange={({ target }) => onChange(target.checked ? standard : undefined)}
          />
          {label}
        </label>
      </legend>
      {set !== undefined &&
        Object.entries(fields).map(([name, field]) => (
          <OptionField
            key={name}
            description={field}
            value={set[name]}
            {...{ unset, outdone: false }}
            onChange={(one) => change(name, typeof one === 'number' ? one : undefined)}
          />
        ))}
    </fieldset>
  )
}

const LISTED_AT_MOST = 16

type Amount = IntegerOption | NumberOption
type ChoiceOf = Extract<OptionDescription, { type: 'choice' }>

/** A few values are picked from a list, many are typed. */
function UnsetField({ description, ...rest }: FieldProps<Amount, number>) {
  const { min, max, label, unit } = description
  if (max - min >= LISTED_AT_MOST) return <NumberField description={description} {...rest} />
  const choices = Array.from({ length: max - min + 1 }, (_, index) => min + index)
  return <ChoiceField description={{ type: 'choice', label, choices, ...(unit && { unit }) }} {...rest} />
}

function ChoiceField({ description, value, unset, outdone, onChange }: FieldProps<ChoiceOf, number>) {
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
}: Omit<FieldProps<Amount, number>, 'unset'> & { fallback: number }) {
  const { label, min, max, unit, step } = description
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
        step={step}
        value={shown}
        disabled={outdone}
        aria-valuetext={withUnit(shown, unit)}
        onChange={({ target }) => onChange(target.valueAsNumber)}
      />
      {outdone && <small>{messages.picker.unusedWithBitrate}</small>}
    </div>
  )
}

function NumberField({ description, value, unset, outdone, onChange }: FieldProps<Amount, number>) {
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
