import type { Format, OptionDescription, Options } from './formats.ts'

/** A wish that the format does not take. `option` names it, the message says the rule. */
export class InvalidOption extends Error {
  readonly option: string

  constructor(option: string, rule: string) {
    super(`Option "${option}" ${rule}.`)
    this.option = option
  }
}

/** Checks wishes against what the format says it takes. Throws {@link InvalidOption} for the first that is wrong. */
export function checkOptions(format: Format, wishes: Record<string, unknown>): Options {
  const options = Object.entries(wishes).map(([name, value]) => {
    const description = Object.hasOwn(format.options, name) ? format.options[name] : undefined
    if (!description) throw new InvalidOption(name, `is not one that ${format.label} takes: ${takes(format)}`)
    return [name, checkValue(name, value, description)] as const
  })
  if ('quality' in wishes && 'bitrateKbps' in wishes)
    throw new InvalidOption('bitrateKbps', 'cannot be given together with "quality"')
  return Object.fromEntries(options)
}

const takes = ({ options }: Format) => Object.keys(options).join(', ')

function checkValue(name: string, value: unknown, description: OptionDescription): number {
  const rule = ruleOf(description)
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new InvalidOption(name, rule)
  const allowed =
    description.type === 'choice'
      ? description.choices.includes(value)
      : value >= description.min && value <= description.max
  if (!allowed) throw new InvalidOption(name, rule)
  return value
}

function ruleOf(description: OptionDescription): string {
  if (description.type === 'choice') return `must be one of ${description.choices.join(', ')}`
  return `must be a whole number from ${description.min} to ${description.max}`
}
