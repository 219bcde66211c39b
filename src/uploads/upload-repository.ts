import { BatchWriteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import {
  conditionalUpdate,
  orConditionFailed,
  projection,
  attributeNames,
  epochSeconds,
  sortableTime,
  tombstoneTtl,
  type TableDefinition,
} from '../aws/index.ts'
import { HOUR_MS } from '../kernel/units.ts'
import { Session, StoredPart, type Upload } from './upload.ts'

/** Version of the rows' shape. */
const SCHEMA_VERSION = 1
const SESSION = 'session'
const EXPIRY = 'expiry'
const EXPIRING = 'expiring#0'
/** Part items own nothing in S3, so TTL may take them; a week is past the longest life of an upload. */
const PART_LIFE_MS = 7 * 24 * HOUR_MS

const SESSION_ATTRIBUTES = Object.keys(Session.shape)
const PART_ATTRIBUTES = ['item', 'size', 'crc32', 'etag', 'at']

export const uploadsTable = (prefix: string): TableDefinition => ({
  name: `${prefix}-uploads`,
  key: { partition: 'uploadId', sort: 'item' },
  index: { name: EXPIRY, key: { partition: 'expiryQueue', sort: 'expiryOrder' } },
})

type Found = { won: boolean; session: Session | undefined }

/** Uploads as rows: one item a session, one item a part. Every read is consistent; every row is parsed. */
export class UploadRepository {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string

  constructor(db: DynamoDBDocumentClient, tablePrefix: string) {
    this.#db = db
    this.#table = uploadsTable(tablePrefix).name
  }

  /** Records a new session. When there is one of this id already, `won` is false and `session` is that one. */
  async add(session: Session): Promise<Found> {
    const answer = await orConditionFailed(
      this.#db.send(
        new PutCommand({
          TableName: this.#table,
          Item: { ...session, item: SESSION, v: SCHEMA_VERSION, ...expiryKeys(session) },
          ConditionExpression: 'attribute_not_exists(uploadId)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    )
    return 'row' in answer ? { won: false, session: Session.parse(answer.row) } : { won: true, session }
  }

  /**
   * Changes a session that is in one of the states `from`. Otherwise `won` is false and `session` is what stands
   * there, undefined when nothing does. The expiry index follows `expiresAt` in the same update.
   */
  async change(
    uploadId: string,
    from: readonly Session['state'][],
    values: Partial<Session>,
  ): Promise<Found> {
    const moved = values.expiresAt === undefined ? {} : expiryKeys({ uploadId, expiresAt: values.expiresAt })
    const input = conditionalUpdate({ ...values, ...moved }, { ...isOneOf(from), names: ['state'] })
    const answer = await this.#update(uploadId, input)
    if ('row' in answer) return { won: false, session: answer.row && Session.parse(answer.row) }
    return { won: true, session: Session.parse(answer.Attributes) }
  }

  /**
   * Has a session live at least until then, if it is in one of these states; its life never becomes shorter. Gives what
   * stands there afterwards, undefined when nothing does.
   */
  async keep(
    uploadId: string,
    states: readonly Session['state'][],
    until: number,
  ): Promise<Session | undefined> {
    const { expression, values } = isOneOf(states)
    const input = conditionalUpdate(
      { expiresAt: until, ...expiryKeys({ uploadId, expiresAt: until }) },
      { expression: `${expression} AND #expiresAt < :expiresAt`, names: ['state'], values },
    )
    const answer = await this.#update(uploadId, input)
    const row = 'row' in answer ? answer.row : answer.Attributes
    return row && Session.parse(row)
  }

  /** Ids of sessions whose time is over, the oldest first. The index may lag: {@link markDeleting} decides. */
  async listExpired(now: number, limit: number): Promise<string[]> {
    const { Items = [] } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: EXPIRY,
        KeyConditionExpression: 'expiryQueue = :queue AND expiryOrder < :now',
        ExpressionAttributeValues: { ':queue': EXPIRING, ':now': sortableTime(now) },
        ...projection(['uploadId']),
        Limit: limit,
      }),
    )
    return Items.map(({ uploadId }) => String(uploadId))
  }

  /** Takes an expired session out of everybody's hands; false when it is not expired any more, or gone. */
  async markDeleting(uploadId: string, now: number): Promise<boolean> {
    const input = conditionalUpdate(
      { state: 'deleting', updatedAt: now },
      {
        expression: '#expiresAt <= :ifNow AND #state <> :ifGone',
        names: ['expiresAt'],
        values: { ifNow: now, ifGone: 'gone' },
      },
    )
    return !('row' in (await this.#update(uploadId, input)))
  }

  /** Leaves a tombstone of a session that owns nothing any more; only now may TTL take it. */
  async bury(uploadId: string, now: number): Promise<void> {
    const ttl = tombstoneTtl(now)
    const input = conditionalUpdate(
      { state: 'gone', ttl, expiryQueue: undefined, expiryOrder: undefined },
      { expression: '#state = :ifDeleting', names: [], values: { ifDeleting: 'deleting' } },
    )
    await this.#update(uploadId, input)
  }

  #update(uploadId: string, input: ReturnType<typeof conditionalUpdate>) {
    const Key = { uploadId, item: SESSION }
    return orConditionFailed(this.#db.send(new UpdateCommand({ TableName: this.#table, Key, ...input })))
  }

  async findSession(uploadId: string): Promise<Session | undefined> {
    const { Item } = await this.#db.send(
      new GetCommand({
        TableName: this.#table,
        Key: { uploadId, item: SESSION },
        ConsistentRead: true,
        ...projection(SESSION_ATTRIBUTES),
      }),
    )
    return Item && Session.parse(Item)
  }

  /** The session with all its parts, in one query (a page a megabyte). */
  async find(uploadId: string): Promise<Upload | undefined> {
    const rows = await this.#queryAll(uploadId, [...SESSION_ATTRIBUTES, ...PART_ATTRIBUTES])
    const session = rows.find(({ item }) => item === SESSION)
    if (!session) return undefined
    return { session: Session.parse(session), parts: rows.filter((row) => row !== session).map(toPart) }
  }

  async findPart(uploadId: string, part: number): Promise<StoredPart | undefined> {
    const { Item } = await this.#db.send(
      new GetCommand({
        TableName: this.#table,
        Key: { uploadId, item: partItem(part) },
        ConsistentRead: true,
        ...projection(PART_ATTRIBUTES),
      }),
    )
    return Item && toPart(Item)
  }

  /** Records a part that S3 has taken. False when another part with other bytes was recorded meanwhile. */
  async addPart(uploadId: string, { part, ...stored }: StoredPart): Promise<boolean> {
    const answer = await orConditionFailed(
      this.#db.send(
        new PutCommand({
          TableName: this.#table,
          Item: {
            uploadId,
            item: partItem(part),
            v: SCHEMA_VERSION,
            ...stored,
            ttl: epochSeconds(stored.at + PART_LIFE_MS),
          },
          ConditionExpression: 'attribute_not_exists(uploadId) OR crc32 = :crc32',
          ExpressionAttributeValues: { ':crc32': stored.crc32 },
        }),
      ),
    )
    return !('row' in answer)
  }

  /** Forgets parts, so that they can be sent again. */
  async removeParts(uploadId: string, parts: readonly number[]): Promise<void> {
    for (let at = 0; at < parts.length; at += BATCH) {
      const requests = parts
        .slice(at, at + BATCH)
        .map((part) => ({ DeleteRequest: { Key: { uploadId, item: partItem(part) } } }))
      await this.#db.send(new BatchWriteCommand({ RequestItems: { [this.#table]: requests } }))
    }
  }

  async #queryAll(uploadId: string, attributes: string[]): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = []
    let start: Record<string, unknown> | undefined
    const names = [...new Set(attributes)]
    do {
      const page = await this.#db.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: '#uploadId = :uploadId',
          ...projection(names),
          ExpressionAttributeNames: attributeNames([...names, 'uploadId']),
          ExpressionAttributeValues: { ':uploadId': uploadId },
          ConsistentRead: true,
          ExclusiveStartKey: start,
        }),
      )
      rows.push(...(page.Items ?? []))
      start = page.LastEvaluatedKey
    } while (start)
    return rows
  }
}

function isOneOf(states: readonly Session['state'][]) {
  const values = Object.fromEntries(states.map((state, at) => [`if${at}`, state]))
  const names = Object.keys(values).map((name) => `:${name}`)
  return { expression: `#state IN (${names.join(', ')})`, values }
}

/** BatchWriteItem takes 25 requests at most (DynamoDB API reference). */
const BATCH = 25

const partItem = (part: number) => `part#${String(part).padStart(5, '0')}`
const toPart = (row: Record<string, unknown>): StoredPart =>
  StoredPart.parse({ ...row, part: Number(String(row['item']).slice('part#'.length)) })

const expiryKeys = ({ uploadId, expiresAt }: Pick<Session, 'uploadId' | 'expiresAt'>) => ({
  expiryQueue: EXPIRING,
  expiryOrder: `${sortableTime(expiresAt)}#${uploadId}`,
})
