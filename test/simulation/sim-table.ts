import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import type { TableDefinition } from '../../src/aws/index.ts'
import { holds, updated, type Item, type Placeholders } from './expressions.ts'

/** `given`: the values that the writer's condition and update named. */
export type Write = { key: string; before: Item | undefined; after: Item | undefined; given: Item }

type Conditional = Placeholders & { ConditionExpression?: string | undefined }

export type TableParts = {
  definition: TableDefinition
  now: () => number
  /** How many milliseconds the index shows a write late. */
  lag: () => number
  /** Told of every write that changed something. */
  onWrite: (write: Write) => void
  /** A store that is broken on purpose: it takes every write. */
  ignoresConditions: boolean
  /** A store that is broken on purpose: it says yes to a write, and forgets it. */
  forgets: () => boolean
}

/** A place in the index, as it is from `at` on; undefined: not in it. */
type Place = { at: number; partition: string | undefined; sort: string }

/**
 * One DynamoDB table with at most one index, as a plain data structure: whatever is asked is answered at once, in the
 * order asked. Times, faults and lost answers are the network's business. Its index shows writes late, each item's in
 * order.
 */
export class SimTable {
  readonly #parts: TableParts
  readonly #rows = new Map<string, Item>()
  readonly #places = new Map<string, Place[]>()

  constructor(parts: TableParts) {
    this.#parts = parts
  }

  get(key: Item): Item | undefined {
    return structuredClone(this.#rows.get(this.#keyOf(key)))
  }

  rows(): Item[] {
    return [...this.#rows.values()]
  }

  put(item: Item, condition: Conditional): void {
    this.#write(item, condition, () => item)
  }

  update(key: Item, expression: string, given: Conditional): Item {
    return this.#write(key, given, (before) => updated(expression, before ?? key, given))
  }

  delete(key: Item): void {
    this.#write(key, {}, () => undefined)
  }

  /** Items of one partition of the table, in the order of their sort keys; those `from` one on. */
  queryKey(partition: string, from = ''): Item[] {
    const { partition: name, sort = '' } = this.#parts.definition.key
    const sortKey = (row: Item) => String(row[sort])
    return this.rows()
      .filter((row) => row[name] === partition && sortKey(row) >= from)
      .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
  }

  /** Items of one partition of the index as far as it knows, in the order of their sort keys. */
  queryIndex(partition: string, before: string | undefined): Item[] {
    const found: { item: Item; sort: string }[] = []
    const { key, index } = this.#parts.definition
    for (const [id, places] of this.#places) {
      const place = this.#placeNow(places)
      if (place?.partition !== partition || (before !== undefined && place.sort >= before)) continue
      const [hash = '', range = ''] = id.split(SEPARATOR)
      const item = { [key.partition]: hash, ...(key.sort && { [key.sort]: range }) }
      found.push({ item: { ...item, [index?.key.sort ?? '']: place.sort }, sort: place.sort })
    }
    return found.sort((a, b) => (a.sort < b.sort ? -1 : 1)).map(({ item }) => item)
  }

  #placeNow(places: Place[]): Place | undefined {
    const now = this.#parts.now()
    while (places[1] && places[1].at <= now) places.shift()
    return places[0] && places[0].at <= now ? places[0] : undefined
  }

  #write(key: Item, condition: Conditional, change: (before: Item | undefined) => Item | undefined): Item {
    const id = this.#keyOf(key)
    const before = this.#rows.get(id)
    if (!this.#parts.ignoresConditions && !holds(condition.ConditionExpression, before, condition)) {
      const Item = before && marshall(before, { removeUndefinedValues: true })
      throw new ConditionalCheckFailedException({
        message: 'The conditional request failed',
        $metadata: { httpStatusCode: 400 },
        ...(Item && { Item }),
      })
    }
    const after = structuredClone(change(before))
    if (this.#parts.forgets()) return structuredClone(after ?? {})
    if (after) this.#rows.set(id, after)
    else this.#rows.delete(id)
    this.#index(id, after)
    this.#parts.onWrite({ key: id, before, after, given: condition.ExpressionAttributeValues ?? {} })
    return structuredClone(after ?? {})
  }

  #index(id: string, item: Item | undefined): void {
    const { index } = this.#parts.definition
    if (!index) return
    const places = this.#places.get(id) ?? []
    const partition = item?.[index.key.partition] as string | undefined
    const sort = String(item?.[index.key.sort ?? ''])
    const earliest = places.at(-1)?.at ?? 0
    places.push({ at: Math.max(this.#parts.now() + this.#parts.lag(), earliest), partition, sort })
    this.#places.set(id, places)
  }

  #keyOf(item: Item): string {
    const { partition, sort } = this.#parts.definition.key
    return sort === undefined
      ? String(item[partition])
      : `${String(item[partition])}${SEPARATOR}${String(item[sort])}`
  }
}

const SEPARATOR = ' | '
