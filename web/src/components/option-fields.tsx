import type { JobOptions, OptionDescription } from '../../../src/contract/options.ts'
import { hasRival, isOutdone } from '../deck/index.ts'
import type { Target } from '../hooks/use-target.ts'
import { messages } from '../messages/index.ts'
import { OptionField } from './option-field.tsx'
import styles from './option-fields.module.css'

/** What is set for all files at once: not the name of one, nor what only joining needs. */
const isForAll = (description: OptionDescription) =>
  description.type !== 'text' && !('joinedOnly' in description && description.joinedOnly)

/** A cover is sent for one file. */
const forAll = (description: OptionDescription): OptionDescription =>
  description.type === 'keyword'
    ? { ...description, choices: description.choices.filter((choice) => choice !== 'uploaded') }
    : description

type OptionFieldsProps = {
  target: Target
  /** Options that have a better place. */
  without?: ReadonlySet<string>
}

/** The settings of a target, drawn from what the server says it takes. */
export function OptionFields({ target: { format, wish, setOption }, without }: OptionFieldsProps) {
  const { options } = wish
  const shown = Object.entries(format.options).filter(
    ([name, description]) => isForAll(description) && !without?.has(name),
  )
  return (
    <div className={styles['options']}>
      {shown.map(([name, description]) => (
        <OptionField
          key={name}
          description={forAll(description)}
          value={options[name as keyof JobOptions]}
          outdone={isOutdone(options, name)}
          unset={hasRival(format, name) ? messages.picker.byRival : messages.picker.asSource}
          onChange={(value) => setOption(name, value)}
        />
      ))}
    </div>
  )
}
