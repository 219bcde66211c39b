import type { FormatsView } from '../../../src/contract/formats.ts'
import type { Wish } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import { targetName } from '../messages/names.ts'
import styles from './target-select.module.css'

type TargetSelectProps = {
  name: string
  formats: FormatsView
  /** Undefined: as all. */
  own: Wish | undefined
  forAll: Wish
  onChange: (own: Wish | undefined) => void
}

/** What one file becomes: as all others, or something of its own. */
export function TargetSelect({ name, formats, own, forAll, onChange }: TargetSelectProps) {
  const { files } = messages
  const choose = (value: string) => {
    const [kind, id = ''] = value.split(':')
    const preset = formats.presets.find((one) => one.id === id)
    if (kind === 'format') onChange({ format: id, options: {} })
    else if (preset) onChange({ format: preset.format, options: preset.options, preset: id })
    else onChange(undefined)
  }
  const value =
    own === undefined ? 'all' : own.preset === undefined ? `format:${own.format}` : `preset:${own.preset}`
  return (
    <select
      className={styles['target']}
      aria-label={files.becomesFile(name)}
      value={value}
      onChange={({ target }) => choose(target.value)}
    >
      <option value="all">{files.asAll(targetName(forAll, formats))}</option>
      <optgroup label={files.ownPresets}>
        {formats.presets.map((preset) => (
          <option key={preset.id} value={`preset:${preset.id}`}>
            {preset.label}
          </option>
        ))}
      </optgroup>
      <optgroup label={files.ownFormats}>
        {formats.formats.map(({ id, label }) => (
          <option key={id} value={`format:${id}`}>
            {label}
          </option>
        ))}
      </optgroup>
    </select>
  )
}
