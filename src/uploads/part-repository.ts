import { BatchGetCommand, BatchWriteCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { DynamoDBDocumentClient, QueryCommandOutput } from '@aws-sdk/lib-dynamodb'
import {
  attributeNames,
  epochSeconds,
  named,
  orConditionFailed,
  projection,
  StoreUnavailable,
} from '../aws/index.ts'
import { HOUR_MS } from '../kernel/units.ts'
import { SCHEMA_VERSION, SESSION, SESSION_ATTRIBUTES, uploadsTable } from './upload-repository.ts'
import { Session, StoredPart, type Upload } from './upload.ts'

/** Part items own nothing in S3, so TTL may take them; a week is past the longest life of an upload. */
const PART_LIFE_MS = 7 * 24 * HOUR_MS
/** BatchWriteItem takes 25 requests at most (DynamoDB API reference). */
const BATCH = 25

const PART_ATTRIBUTES = ['item', 'size', 'crc32', 'etag', 'at']
const ATTRIBUTES = [...new Set([...SESSION_ATTRIBUTES, ...PART_ATTRIBUTES])]

type Row = Record<string, unknown>

/** Parts as rows, one each, beside the row of their session. Every read is consistent; every row is parsed. */
export class PartRepository {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string

  constructor(db: DynamoDBDocumentClient, tablePrefix: string) {
    this.#db = db
    this.#table = uploadsTable(tablePrefix).name
  }

  /** The session with its parts from number `from` on, in one query (a page a megabyte). */
  async read(uploadId: string, from = 1): Promise<Upload | undefined> {
    const rows = await this.#query(uploadId, partItem(from)) // the session comes after all parts
    const session = rows.find(({ item }) => item === SESSION)
    if (!session) return undefined
    return { session: Session.parse(session), parts: rows.filter((row) => row !== session).map(toPart) }
  }

  /** The session and one part, where there is such a row. */
  async readOne(
    uploadId: string,
    part: number,
  ): Promise<{ session: Session | undefined; stored: StoredPart | undefined }> {
    const Keys = [SESSION, partItem(part)].map((item) => ({ uploadId, item }))
    const request = { ...projection(ATTRIBUTES), ConsistentRead: true, Keys }
    const get = new BatchGetCommand({ RequestItems: { [this.#table]: request } })
    const { Responses = {}, UnprocessedKeys = {} } = await this.#db.send(named('part-read', get))
    if (UnprocessedKeys[this.#table]) throw new StoreUnavailable('state', new Error('A key was not read.'))
    const rows = Responses[this.#table] ?? []
    const session = rows.find(({ item }) => item === SESSION)
    const stored = rows.find((row) => row !== session)
    return { session: session && Session.parse(session), stored: stored && toPart(stored) }
  }

  /** Records a part that S3 has taken. False when another part with other bytes was recorded meanwhile. */
  async add(uploadId: string, part: StoredPart & { crc32: string }): Promise<boolean> {
    const put = new PutCommand({
      TableName: this.#table,
      Item: toRow(uploadId, part),
      ConditionExpression: 'attribute_not_exists(uploadId) OR crc32 = :crc32',
      ExpressionAttributeValues: { ':crc32': part.crc32 },
    })
    const answer = await orConditionFailed(this.#db.send(named('part-add', put)))
    return !('row' in answer)
  }

  /** Records parts as S3 lists them, in place of what was recorded before. */
  addListed(uploadId: string, parts: readonly StoredPart[]): Promise<void> {
    return this.#writeAll(
      'parts-add',
      parts.map((part) => ({ PutRequest: { Item: toRow(uploadId, part) } })),
    )
  }

  /** Forgets parts, so that they can be sent again. */
  remove(uploadId: string, parts: readonly number[]): Promise<void> {
    const keys = parts.map((part) => ({ uploadId, item: partItem(part) }))
    return this.#writeAll(
      'parts-remove',
      keys.map((Key) => ({ DeleteRequest: { Key } })),
    )
  }

  async #writeAll(pattern: string, requests: readonly Request[]): Promise<void> {
    let left = [...requests]
    while (left.length > 0) {
      const batch = left.slice(0, BATCH)
      const write = new BatchWriteCommand({ RequestItems: { [this.#table]: batch } })
      const { UnprocessedItems = {} } = await this.#db.send(named(pattern, write))
      const again = (UnprocessedItems[this.#table] ?? []) as Request[]
      // A batch that makes no headway is throttled; one that does is asked for the rest.
      if (again.length === batch.length) throw new StoreUnavailable('state', new Error('No row was written.'))
      left = [...again, ...left.slice(BATCH)]
    }
  }

  async #query(uploadId: string, from: string): Promise<Row[]> {
    const rows: Row[] = []
    let start: Row | undefined
    do {
      const query = new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: '#uploadId = :uploadId AND #item >= :from',
        ...projection(ATTRIBUTES),
        ExpressionAttributeNames: attributeNames([...ATTRIBUTES, 'uploadId', 'item']),
        ExpressionAttributeValues: { ':uploadId': uploadId, ':from': from },
        ConsistentRead: true,
        ExclusiveStartKey: start,
      })
      const page: QueryCommandOutput = await this.#db.send(named('upload-read', query))
      rows.push(...(page.Items ?? []))
      start = page.LastEvaluatedKey
    } while (start)
    return rows
  }
}

type Request = { PutRequest: { Item: Row } } | { DeleteRequest: { Key: Row } }

const partItem = (part: number) => `part#${String(part).padStart(5, '0')}`

const toRow = (uploadId: string, { part, ...stored }: StoredPart): Row => ({
  ...{ uploadId, item: partItem(part), v: SCHEMA_VERSION, ...stored },
  ttl: epochSeconds(stored.at + PART_LIFE_MS),
})

const toPart = (row: Row): StoredPart =>
  StoredPart.parse({ ...row, part: Number(String(row['item']).slice('part#'.length)) })
