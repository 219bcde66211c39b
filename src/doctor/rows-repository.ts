import {
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  UpdateCommand,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb'
import { conditionalUpdate, orConditionFailed, StoreUnavailable } from '../aws/index.ts'
import { jobsTable } from '../conversions/index.ts'
import { progressTable } from '../progress/index.ts'
import { SESSION, uploadsTable } from '../uploads/index.ts'

const SCHEMA_VERSION = 1
const MOST_TRIES = 5

type Row = Record<string, unknown>

/** Name of the row's sort key, beside which there is no session and no part. */
const ITEM = 'doctor'

/**
 * Rows of the doctor's own, and the end of others that it had made. Its own lie in the table of uploads, where the service
 * may do all of this, below ids that no upload has. They have a `ttl`, so that none outlives a doctor that was killed by
 * more than DynamoDB takes.
 */
export class RowsRepository {
  readonly #db: DynamoDBDocumentClient
  readonly #tables: { jobs: string; uploads: string; progress: string }

  constructor(db: DynamoDBDocumentClient, tablePrefix: string) {
    this.#db = db
    this.#tables = {
      jobs: jobsTable(tablePrefix).name,
      uploads: uploadsTable(tablePrefix).name,
      progress: progressTable(tablePrefix).name,
    }
  }

  /** Writes a row that must not be there yet; false where one is. `ttl` in epoch seconds. */
  async add(id: string, ttl: number): Promise<boolean> {
    const command = new PutCommand({
      TableName: this.#tables.uploads,
      Item: { uploadId: id, item: ITEM, count: 1, ttl, v: SCHEMA_VERSION },
      ConditionExpression: 'attribute_not_exists(uploadId)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    return !('row' in (await orConditionFailed(this.#db.send(command))))
  }

  /** What the row counts; undefined where there is none. */
  async countOf(id: string): Promise<number | undefined> {
    const Key = { uploadId: id, item: ITEM }
    const command = new GetCommand({ TableName: this.#tables.uploads, Key, ConsistentRead: true })
    const { Item } = await this.#db.send(command)
    return Item && Number(Item['count'])
  }

  /** Counts one further if the row counts `from`; gives whether it did, and what was told of the row. */
  async countOn(id: string, from: number): Promise<{ won: boolean; count: number }> {
    const condition = { expression: '#count = :ifCount', names: [], values: { ifCount: from } }
    const update = conditionalUpdate({ count: from + 1 }, condition)
    const command = new UpdateCommand({
      TableName: this.#tables.uploads,
      Key: { uploadId: id, item: ITEM },
      ...update,
    })
    const answer = await orConditionFailed(this.#db.send(command))
    const row: Row | undefined = 'row' in answer ? answer.row : answer.Attributes
    return { won: !('row' in answer), count: Number(row?.['count']) }
  }

  /** Removes a row of the doctor's. */
  remove(id: string): Promise<void> {
    return this.#removeOfUpload({ uploadId: id, item: ITEM })
  }

  /** Removes the row of an upload that owns nothing any more. */
  removeUpload(uploadId: string): Promise<void> {
    return this.#removeOfUpload({ uploadId, item: SESSION })
  }

  /** Removes the page of a worker that has ended; false where that is left to its `ttl`. */
  removePage(workerId: string): Promise<boolean> {
    return this.#removeIfAllowed(this.#tables.progress, { workerId })
  }

  /** Removes the tombstone of a job that owns nothing any more; false where that is left to its `ttl`. */
  removeJob(jobId: string): Promise<boolean> {
    return this.#removeIfAllowed(this.#tables.jobs, { jobId })
  }

  /** The service never deletes such rows, so its role need not be allowed to. */
  async #removeIfAllowed(TableName: string, Key: Row): Promise<boolean> {
    try {
      await this.#db.send(new DeleteCommand({ TableName, Key }))
      return true
    } catch (error) {
      if (error instanceof Error && error.name === 'AccessDeniedException') return false
      throw error
    }
  }

  async #removeOfUpload(Key: Row): Promise<void> {
    const table = this.#tables.uploads
    const RequestItems = { [table]: [{ DeleteRequest: { Key } }] }
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const { UnprocessedItems = {} } = await this.#db.send(new BatchWriteCommand({ RequestItems }))
      if (!UnprocessedItems[table]?.length) return
    }
    throw new StoreUnavailable('state', new Error('A row was not deleted.'))
  }
}
