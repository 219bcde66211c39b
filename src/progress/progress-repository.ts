import { UpdateCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import {
  BatchReader,
  conditionalUpdate,
  named,
  epochSeconds,
  orConditionFailed,
  type TableDefinition,
} from '../aws/index.ts'
import { HOUR_MS } from '../kernel/units.ts'
import { Page, requestOf, wordOf, type PageRequest } from './page.ts'

const SCHEMA_VERSION = 1
/** Pages own nothing, so TTL may take them; a day is far past the longest silence of a living worker. */
const PAGE_LIFE_MS = 24 * HOUR_MS

export const progressTable = (prefix: string): TableDefinition => ({
  name: `${prefix}-progress`,
  key: { partition: 'workerId' },
})

/** Pages as rows. */
export class ProgressRepository {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  readonly #rows: BatchReader

  constructor(db: DynamoDBDocumentClient, tablePrefix: string) {
    this.#db = db
    this.#table = progressTable(tablePrefix).name
    const attributes = Object.keys(Page.shape)
    const row = { key: 'workerId', attributes, pattern: 'page-read' }
    this.#rows = new BatchReader(db, { name: this.#table, ...row })
  }

  /**
   * Writes a page unless a later one is there already, as after an answer that was lost. `handled` requests are taken
   * off the page; gives those that lie on it.
   */
  async write({ workerId, ...page }: Page, handled: readonly PageRequest[] = []): Promise<PageRequest[]> {
    const input = conditionalUpdate(
      { ...page, ttl: ttlOf(page.at), v: SCHEMA_VERSION },
      { expression: 'attribute_not_exists(#sequence) OR #sequence < :sequence', names: [] },
    )
    const update = handled.length === 0 ? input : withoutRequests(input, handled)
    const command = new UpdateCommand({ TableName: this.#table, Key: { workerId }, ...update })
    const answer = await orConditionFailed(this.#db.send(named('page-write', command)))
    const inbox: unknown = ('row' in answer ? answer.row : answer.Attributes)?.['inbox']
    return inbox instanceof Set ? [...(inbox as Set<string>)].map(requestOf) : []
  }

  /** Leaves a request on the page of the worker that holds the job; it reads it with its next heartbeat. */
  async leave(workerId: string, request: PageRequest, now: number): Promise<void> {
    const update = new UpdateCommand({
      TableName: this.#table,
      Key: { workerId },
      UpdateExpression: 'ADD #inbox :words SET #ttl = if_not_exists(#ttl, :ttl), #v = :v',
      ExpressionAttributeNames: { '#inbox': 'inbox', '#ttl': 'ttl', '#v': 'v' },
      ExpressionAttributeValues: {
        ':words': new Set([wordOf(request)]),
        ':ttl': ttlOf(now),
        ':v': SCHEMA_VERSION,
      },
    })
    await this.#db.send(named('page-request', update))
  }

  async read(workerId: string): Promise<Page | undefined> {
    const row = await this.#rows.read(workerId)
    return row && Page.parse(row)
  }
}

const ttlOf = (now: number) => epochSeconds(now + PAGE_LIFE_MS)

/** The same update, which takes these requests off the page, too. */
function withoutRequests(input: ReturnType<typeof conditionalUpdate>, handled: readonly PageRequest[]) {
  return {
    ...input,
    UpdateExpression: `${input.UpdateExpression} DELETE #inbox :handled`,
    ExpressionAttributeNames: { ...input.ExpressionAttributeNames, '#inbox': 'inbox' },
    ExpressionAttributeValues: {
      ...input.ExpressionAttributeValues,
      ':handled': new Set(handled.map(wordOf)),
    },
  }
}
