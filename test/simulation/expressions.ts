/** Names and values that an expression of DynamoDB's language refers to. */
export type Placeholders = {
  ExpressionAttributeNames?: Record<string, string> | undefined
  ExpressionAttributeValues?: Record<string, unknown> | undefined
}
export type Item = Record<string, unknown>

/** Whether a condition holds for an item, as the DynamoDB developer guide has it ("Condition expressions"). */
export function holds(expression: string | undefined, item: Item | undefined, given: Placeholders): boolean {
  return expression === undefined || new Condition(expression, item ?? {}, given).isTrue()
}

const TOKEN = /\s*(<>|<=|>=|[=<>(),]|[#:]?\w+)/gy

/** Recursive descent over what the repositories write: comparisons, IN, attribute_not_exists, AND, OR, NOT, brackets. */
class Condition {
  readonly #tokens: string[]
  readonly #item: Item
  readonly #given: Placeholders
  #at = 0

  constructor(expression: string, item: Item, given: Placeholders) {
    this.#tokens = [...expression.matchAll(TOKEN)].map(([, token = '']) => token)
    if (this.#tokens.join('') !== expression.replace(/\s/g, ''))
      throw new Error(`Not understood: ${expression}`)
    this.#item = item
    this.#given = given
  }

  isTrue(): boolean {
    const result = this.#or()
    if (this.#at < this.#tokens.length) throw new Error(`Not understood: ${this.#tokens.join(' ')}`)
    return result
  }

  #or(): boolean {
    let result = this.#and()
    while (this.#takes('OR')) result = this.#and() || result
    return result
  }

  #and(): boolean {
    let result = this.#not()
    while (this.#takes('AND')) result = this.#not() && result
    return result
  }

  #not(): boolean {
    if (this.#takes('NOT')) return !this.#not()
    if (!this.#takes('(')) return this.#atom()
    const result = this.#or()
    this.#expect(')')
    return result
  }

  #atom(): boolean {
    if (this.#takes('attribute_not_exists')) {
      this.#expect('(')
      const missing = this.#operand() === undefined
      this.#expect(')')
      return missing
    }
    const left = this.#operand()
    if (this.#takes('IN')) return this.#list().includes(left)
    const operator = this.#next()
    return compare(left, operator, this.#operand())
  }

  #list(): unknown[] {
    this.#expect('(')
    const values = [this.#operand()]
    while (this.#takes(',')) values.push(this.#operand())
    this.#expect(')')
    return values
  }

  #operand(): unknown {
    const token = this.#next()
    return token.startsWith(':') ? valueOf(token, this.#given) : this.#item[nameOf(token, this.#given)]
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? ''
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at += 1
    return true
  }

  #expect(token: string): void {
    if (!this.#takes(token)) throw new Error(`Expected ${token} in ${this.#tokens.join(' ')}`)
  }
}

/** An attribute that is not there is unlike everything and neither smaller nor larger. */
function compare(left: unknown, operator: string, right: unknown): boolean {
  if (operator === '=') return left !== undefined && left === right
  if (operator === '<>') return left !== right
  if (typeof left !== typeof right) return false
  const [a, b] = [left as number, right as number]
  if (operator === '<') return a < b
  if (operator === '<=') return a <= b
  throw new Error(`There is no operator "${operator}".`)
}

const CLAUSE = /(SET|REMOVE|ADD|DELETE)\s+(.+?)(?=\s+(?:SET|REMOVE|ADD|DELETE)\s|$)/gs
const ASSIGNMENT = /^(#?\w+)\s*=\s*(?:if_not_exists\(\s*(#?\w+)\s*,\s*)?(:\w+)\)?$/

/** The item after an update ("Update expressions"): SET, also with if_not_exists, REMOVE, and ADD and DELETE of sets. */
export function updated(expression: string, before: Item, given: Placeholders): Item {
  const item = { ...before }
  for (const [, verb, list = ''] of expression.matchAll(CLAUSE))
    for (const part of list.split(/,(?![^(]*\))/)) applyTo(item, verb ?? '', part.trim(), given)
  return item
}

function applyTo(item: Item, verb: string, part: string, given: Placeholders): void {
  const [target = '', value = ''] = part.split(/\s+/)
  const name = nameOf(target, given)
  switch (verb) {
    case 'SET': {
      const [, to = '', fallback, source = ''] = ASSIGNMENT.exec(part) ?? []
      if (to === '') throw new Error(`Not understood: ${part}`)
      const kept = fallback === undefined ? undefined : item[nameOf(fallback, given)]
      item[nameOf(to, given)] = kept ?? valueOf(source, given)
      return
    }
    case 'REMOVE':
      Reflect.deleteProperty(item, name)
      return
    case 'ADD':
      item[name] = new Set([...setOf(item[name]), ...setOf(valueOf(value, given))])
      return
    case 'DELETE': {
      const taken = setOf(valueOf(value, given))
      const left = new Set([...setOf(item[name])].filter((one) => !taken.has(one)))
      // A set that becomes empty is gone: DynamoDB has no empty sets.
      if (left.size > 0) item[name] = left
      else Reflect.deleteProperty(item, name)
    }
  }
}

const setOf = (value: unknown): Set<unknown> => (value instanceof Set ? value : new Set())

const nameOf = (token: string, { ExpressionAttributeNames: names = {} }: Placeholders): string => {
  const name = token.startsWith('#') ? names[token] : token
  if (name === undefined) throw new Error(`${token} has no name.`)
  return name
}

function valueOf(token: string, { ExpressionAttributeValues: values = {} }: Placeholders): unknown {
  if (!(token in values)) throw new Error(`${token} has no value.`)
  return values[token]
}
