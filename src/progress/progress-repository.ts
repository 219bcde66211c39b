import { GetCommand, UpdateCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { conditionalUpdate, orConditionFailed, projection, type TableDefinition } from '../aws/index.ts'
import { HOUR_MS, SECOND_MS } from '../kernel/units.ts'
import { Page } from './page.ts'

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

  constructor(db: DynamoDBDocumentClient, tablePrefix: string) {
    this.#db = db
    this.#table = progressTable(tablePrefix).name
  }

  /** Writes a page unless a later one is there already, as after an answer that was lost. */
  async write({ workerId, ...page }: Page): Promise<void> {
    const ttl = Math.ceil((page.at + PAGE_LIFE_MS) / SECOND_MS)
    const input = conditionalUpdate(
      { ...page, ttl, v: SCHEMA_VERSION },
      { expression: 'attribute_not_exists(#sequence) OR #sequence < :sequence', names: [] },
    )
    const quiet = { ...input, ReturnValues: 'NONE' as const }
    await orConditionFailed(
      this.#db.send(new UpdateCommand({ TableName: this.#table, Key: { workerId }, ...quiet })),
    )
  }

  async read(workerId: string): Promise<Page | undefined> {
    const { Item } = await this.#db.send(
      new GetCommand({
        TableName: this.#table,
        Key: { workerId },
        ConsistentRead: true,
        ...projection(Object.keys(Page.shape)),
      }),
    )
    return Item && Page.parse(Item)
  }
}
