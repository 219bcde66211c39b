import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { named } from './capacity.ts'
import { projection } from './expressions.ts'
import { StoreUnavailable } from './outages.ts'

/** BatchGetItem takes 100 keys at most (DynamoDB API reference). */
const MOST_KEYS = 100
/** Calls under way at once: a store that is slow is asked for more at a time, not more often. */
const MOST_CALLS = 8

/** `pattern`: what its reads are counted as. */
type Table = { name: string; key: string; attributes: readonly string[]; pattern: string }
type Row = Record<string, unknown>
type Waiting = { resolve: (row: Row | undefined) => void; reject: (error: unknown) => void }

/**
 * Reads rows by their partition key, consistently. Whatever is asked for in one turn of the event loop, or while enough
 * calls are under way, goes out together, and each key once, however many ask.
 */
export class BatchReader {
  readonly #db: DynamoDBDocumentClient
  readonly #table: Table
  #waiting = new Map<string, Waiting[]>()
  #calls = 0

  constructor(db: DynamoDBDocumentClient, table: Table) {
    this.#db = db
    this.#table = table
  }

  /** The row of this key, undefined when there is none. Throws what the client throws. */
  read(key: string): Promise<Row | undefined> {
    if (this.#waiting.size === 0) setImmediate(() => this.#flush())
    return new Promise((resolve, reject) => {
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), { resolve, reject }])
    })
  }

  #flush(): void {
    while (this.#waiting.size > 0 && this.#calls < MOST_CALLS) {
      const batch = [...this.#waiting].slice(0, MOST_KEYS)
      for (const [key] of batch) this.#waiting.delete(key)
      void this.#readSome(batch)
    }
  }

  async #readSome(batch: readonly [string, Waiting[]][]): Promise<void> {
    this.#calls += 1
    try {
      const rows = await this.#get(batch.map(([key]) => key))
      for (const [key, waiting] of batch) for (const { resolve } of waiting) resolve(rows.get(key))
    } catch (error) {
      for (const [, waiting] of batch) for (const { reject } of waiting) reject(error)
    } finally {
      this.#calls -= 1
      this.#flush()
    }
  }

  async #get(keys: readonly string[]): Promise<Map<string, Row>> {
    const { name, key, attributes, pattern } = this.#table
    const request = {
      ...projection(attributes),
      ConsistentRead: true,
      Keys: keys.map((id) => ({ [key]: id })),
    }
    const { Responses = {}, UnprocessedKeys = {} } = await this.#db.send(
      named(pattern, new BatchGetCommand({ RequestItems: { [name]: request } })),
    )
    const rows = new Map((Responses[name] ?? []).map((row) => [String(row[key]), row]))
    const left = (UnprocessedKeys[name]?.Keys ?? []).map((one) => String(one[key]))
    if (left.length === 0) return rows
    // A batch that makes no headway is throttled; one that does is asked for the rest.
    if (left.length === keys.length) throw new StoreUnavailable('state', new Error('No key was processed.'))
    return new Map([...rows, ...(await this.#get(left))])
  }
}
