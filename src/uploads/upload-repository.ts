import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import {
  conditionalUpdate,
  named,
  orConditionFailed,
  projection,
  sortableTime,
  tombstoneTtl,
  type TableDefinition,
} from '../aws/index.ts'
import { Session } from './upload.ts'

/** Version of the rows' shape. */
export const SCHEMA_VERSION = 1
/** Sort key of a session's row; those of its parts come before it. */
export const SESSION = 'session'
const EXPIRY = 'expiry'
const EXPIRING = 'expiring#0'

export const SESSION_ATTRIBUTES = Object.keys(Session.shape)

export const uploadsTable = (prefix: string): TableDefinition => ({
  name: `${prefix}-uploads`,
  key: { partition: 'uploadId', sort: 'item' },
  index: { name: EXPIRY, key: { partition: 'expiryQueue', sort: 'expiryOrder' } },
})

type Found = { won: boolean; session: Session | undefined }

/** Sessions as rows, one each; their parts are rows of the same partition. Every read is consistent and parsed. */
export class UploadRepository {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string

  constructor(db: DynamoDBDocumentClient, tablePrefix: string) {
    this.#db = db
    this.#table = uploadsTable(tablePrefix).name
  }

  /** Records a new session. When there is one of this id already, `won` is false and `session` is that one. */
  async add(session: Session): Promise<Found> {
    const put = new PutCommand({
      TableName: this.#table,
      Item: { ...session, item: SESSION, v: SCHEMA_VERSION, ...expiryKeys(session) },
      ConditionExpression: 'attribute_not_exists(uploadId)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    const answer = await orConditionFailed(this.#db.send(named('upload-add', put)))
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
    const input = conditionalUpdate({ ...storable(values), ...moved }, { ...isOneOf(from), names: ['state'] })
    const answer = await this.#update('upload-change', uploadId, input)
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
    const answer = await this.#update('upload-keep', uploadId, input)
    const row = 'row' in answer ? answer.row : answer.Attributes
    return row && Session.parse(row)
  }

  /** Ids of sessions whose time is over, the oldest first. The index may lag: {@link markDeleting} decides. */
  async listExpired(now: number, limit: number): Promise<string[]> {
    const query = new QueryCommand({
      TableName: this.#table,
      IndexName: EXPIRY,
      KeyConditionExpression: 'expiryQueue = :queue AND expiryOrder < :now',
      ExpressionAttributeValues: { ':queue': EXPIRING, ':now': sortableTime(now) },
      ...projection(['uploadId']),
      Limit: limit,
    })
    const { Items = [] } = await this.#db.send(named('expired-uploads', query))
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
    return !('row' in (await this.#update('upload-remove', uploadId, input)))
  }

  /** Leaves a tombstone of a session that owns nothing any more; only now may TTL take it. */
  async bury(uploadId: string, now: number): Promise<void> {
    const ttl = tombstoneTtl(now)
    const input = conditionalUpdate(
      { state: 'gone', ttl, expiryQueue: undefined, expiryOrder: undefined },
      { expression: '#state = :ifDeleting', names: [], values: { ifDeleting: 'deleting' } },
    )
    await this.#update('upload-remove', uploadId, input)
  }

  #update(pattern: string, uploadId: string, input: ReturnType<typeof conditionalUpdate>) {
    const Key = { uploadId, item: SESSION }
    const update = new UpdateCommand({ TableName: this.#table, Key, ...input })
    return orConditionFailed(this.#db.send(named(pattern, update)))
  }

  async findSession(uploadId: string): Promise<Session | undefined> {
    const get = new GetCommand({
      TableName: this.#table,
      Key: { uploadId, item: SESSION },
      ConsistentRead: true,
      ...projection(SESSION_ATTRIBUTES),
    })
    const { Item } = await this.#db.send(named('session-read', get))
    return Item && Session.parse(Item)
  }
}

/** Tags as pairs: in an object the SDK takes one named `constructor` for the object's class. */
const storable = ({ media, ...values }: Partial<Session>) =>
  media === undefined ? values : { ...values, media: { ...media, tags: Object.entries(media.tags) } }

function isOneOf(states: readonly Session['state'][]) {
  const values = Object.fromEntries(states.map((state, at) => [`if${at}`, state]))
  const names = Object.keys(values).map((name) => `:${name}`)
  return { expression: `#state IN (${names.join(', ')})`, values }
}

const expiryKeys = ({ uploadId, expiresAt }: Pick<Session, 'uploadId' | 'expiresAt'>) => ({
  expiryQueue: EXPIRING,
  expiryOrder: `${sortableTime(expiresAt)}#${uploadId}`,
})
