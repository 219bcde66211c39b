import type { IntegerOption, JobOptions, NumberOption, OptionDescription } from '../contract/index.ts'
import type { Format } from './format.ts'

/** A wish that the format does not take. `option` names it, the message says the rule. */
export class InvalidOption extends Error {
  readonly option: string

  constructor(option: string, rule: string) {
    super(`Option "${option}" ${rule}.`)
    this.option = option
  }
}

/** Checks wishes against what the format says it takes. Throws {@link InvalidOption} for the first that is wrong. */
export function checkOptions(format: Format, wishes: Record<string, unknown>): JobOptions {
  for (const [name, value] of Object.entries(wishes)) {
    const description = Object.hasOwn(format.options, name) ? format.options[name] : undefined
    if (!description) throw new InvalidOption(name, `is not one that ${format.label} takes: ${takes(format)}`)
    checkValue(name, value, description)
  }
  const options = wishes as JobOptions
  if (options.quality !== undefined && options.bitrateKbps !== undefined)
    throw new InvalidOption('bitrateKbps', 'cannot be given together with "quality"')
  const { startMs = 0, endMs = Number.POSITIVE_INFINITY } = options.trim ?? {}
  if (startMs >= endMs) throw new InvalidOption('trim', 'must end after it starts')
  return options
}

const takes = ({ options }: Format) => Object.keys(options).join(', ')

function checkValue(name: string, value: unknown, description: OptionDescription): void {
  switch (description.type) {
    case 'integer':
    case 'number':
      return checkNumber(name, value, description)
    case 'choice':
      return checkChoice(name, value, description.choices)
    case 'keyword':
      return checkChoice(name, value, description.choices)
    case 'group':
      return checkFields(name, value, ([field, one]) => {
        const known = Object.hasOwn(description.fields, field) ? description.fields[field] : undefined
        if (!known) throw new InvalidOption(name, `takes only ${Object.keys(description.fields).join(', ')}`)
        checkNumber(`${name}.${field}`, one, known)
      })
    case 'text':
      return checkText(name, value, description.maxLength, ONE_LINE)
    case 'tags':
      if (typeof value === 'string') return checkChoice(name, value, description.choices)
      return checkFields(name, value, ([tag, text]) => {
        if (!description.names.includes(tag))
          throw new InvalidOption(name, `takes only the tags ${description.names.join(', ')}`)
        if (text !== '') checkText(`${name}.${tag}`, text, description.maxLength, ANY_LINES)
      })
  }
}

function checkNumber(name: string, value: unknown, description: IntegerOption | NumberOption): void {
  const { type, min, max } = description
  const isNumber = typeof value === 'number' && (type === 'integer' ? Number.isInteger(value) : true)
  if (!isNumber || !(value >= min && value <= max))
    throw new InvalidOption(
      name,
      `must be a ${type === 'integer' ? 'whole number' : 'number'} from ${min} to ${max}`,
    )
}

function checkChoice(name: string, value: unknown, choices: readonly unknown[]): void {
  if (!choices.includes(value)) throw new InvalidOption(name, `must be one of ${choices.join(', ')}`)
}

function checkFields(name: string, value: unknown, each: (field: [string, unknown]) => void): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidOption(name, 'must be an object')
  Object.entries(value).forEach(each)
}

/** Control characters (Unicode Cc): in a tag only tabs and ends of lines make sense, in a name none. */
const ANY_LINES = /[^\P{Cc}\t\r\n]/u
const ONE_LINE = /\p{Cc}/u

function checkText(name: string, value: unknown, maxLength: number, forbidden: RegExp): void {
  if (typeof value !== 'string' || value.trim() === '') throw new InvalidOption(name, 'must be a text')
  if (value.length > maxLength) throw new InvalidOption(name, `is longer than ${maxLength} characters`)
  if (forbidden.test(value) || !value.isWellFormed())
    throw new InvalidOption(name, 'has characters that are not text')
}
